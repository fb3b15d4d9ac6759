//! What printing a plan costs.

mod html;
mod plan;
mod queue;
mod weasyprint;

use std::path::PathBuf;
use std::time::Instant;

use chrono::Utc;
use clap::Args;
use domain::OwnerId;
use domain::plan_export::{PrintOptions, Template};
use event_store::{EventStore, StoreConfig, head};
use pdf::plan_document;
use serde_json::{Map, Value};
use typesetting::{PlanDocument, Settings, Typesetter};
use uuid::Uuid;

use self::queue::Queue;
use super::machine::Machine;
use super::report::{Report, row};
use super::rig::Rig;
use super::stats::Latencies;
use crate::config::ServerConfig;

/// Options of `bench print`.
#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    /// How often each template is rendered.
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// How many PDFs are asked for at once.
    #[arg(long, default_value_t = 200)]
    exports: usize,
    /// How many runners ask for them.
    #[arg(long, default_value_t = 10)]
    runners: usize,
    /// A Python that has WeasyPrint, to render the same plan as an HTML table beside it.
    #[arg(long)]
    weasyprint_python: Option<PathBuf>,
}

pub(super) async fn run(args: &PrintArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let rig = Rig::start(config).await?;
    let pool = rig.pool(8).await?;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let owner = OwnerId(Uuid::now_v7());
    let plan_id = plan::import(&store, owner).await?;
    let found = plan_document(&pool, plan_id, head(&pool).await?, Utc::now()).await?;
    let (_, document) = found.ok_or_else(|| anyhow::anyhow!("the plan is not there"))?;
    let (rounds, python) = (args.rounds, args.weasyprint_python.clone());
    // By turns on one thread, so that nothing else has the processor meanwhile.
    let rows = tokio::task::spawn_blocking(move || rendered(&document, rounds, python.as_deref()));
    let rows = rows.await??;
    let queue = Queue { exports: args.exports, runners: args.runners };
    let mut settings = row! { "plan": "16 weeks, 6 workouts each", "rounds": rounds };
    settings.extend(queue.work_off(&rig, &store).await?);
    let machine = Machine::look(&pool, None).await?;
    rig.stop().await?;
    Ok(Report { bench: "print", rows, settings, machine })
}

/// Renders with each template, and as a table with WeasyPrint when it is there.
fn rendered(
    document: &PlanDocument,
    rounds: u32,
    python: Option<&std::path::Path>,
) -> anyhow::Result<Vec<Map<String, Value>>> {
    let mut rows = Vec::new();
    let typesetter = Typesetter::new(&Settings::default())?;
    let mut weekly_ms = 0.0;
    for template in [Template::weekly(), Template::monthly(), Template::overview()] {
        let options = PrintOptions::new(template.clone());
        let (mut latencies, mut pages, mut bytes) = (Latencies::default(), 0, 0);
        // The first ones read fonts and templates.
        for round in 0..rounds + 3 {
            let document = plan::another(document, round);
            let began = Instant::now();
            let rendered = typesetter.render(&document, &options)?;
            if round >= 3 {
                latencies.add(began.elapsed());
            }
            (pages, bytes) = (rendered.pages, rendered.pdf.len());
        }
        let p50_ms = latencies.quantile_ms(0.5);
        if template == Template::weekly() {
            weekly_ms = p50_ms;
        }
        rows.push(row! {
            "what": template.as_str(),
            "p50_ms": p50_ms,
            "p99_ms": latencies.quantile_ms(0.99),
            "times_weekly": p50_ms / weekly_ms,
            "pages": pages,
            "kb": bytes / 1000,
        });
    }
    if let Some(python) = python {
        let mut printed = weasyprint::render(python, &html::table(document), rounds.min(20))?;
        let p50_ms = printed.latencies.quantile_ms(0.5);
        rows.push(row! {
            "what": format!("the weeks as HTML tables, WeasyPrint {}", printed.version),
            "p50_ms": p50_ms,
            "p99_ms": printed.latencies.quantile_ms(0.99),
            "times_weekly": p50_ms / weekly_ms,
            "pages": printed.pages,
            "kb": printed.bytes / 1000,
        });
    }
    Ok(rows)
}
