use std::time::Instant;

use clap::Args;
use futures::TryStreamExt;
use projector::{Projection, RebuildFrom, rebuild};
use sqlx::PgPool;
use sqlx::postgres::PgPoolCopyExt;

use super::history::fill;
use super::machine::{Machine, resident_mb};
use super::report::{Report, row};
use super::rig::Rig;
use super::stats::median;
use crate::config::ServerConfig;

/// Options of `bench rebuild`.
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// How many events there are, in millions.
    #[arg(long, default_value_t = 1.0)]
    millions: f64,
    /// How often each figure is taken; the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub(super) async fn run(args: &RebuildArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let rig = Rig::start(config).await?;
    let pool = rig.pool(8).await?;
    let events = (args.millions * 1_000_000.0) as i64;
    fill(&pool, events).await?;
    let mut rows = Vec::new();
    for projection in Projection::ALL {
        let (mut rebuilds, mut copies) = (Vec::new(), Vec::new());
        for _ in 0..args.rounds {
            copies.push(bare_copy(&pool).await?);
            let rebuilt =
                rebuild(projection, &pool, RebuildFrom::TheBeginning, &mut |_| {}).await?;
            rebuilds.push(rebuilt.events as f64 / rebuilt.elapsed.as_secs_f64());
        }
        let (rebuilds, copies) = (median(rebuilds), median(copies));
        rows.push(row! {
            "projection": projection.name(),
            "events": events,
            "rebuild_events_per_s": rebuilds.round(),
            "copy_events_per_s": copies.round(),
            "ratio_to_copy": rebuilds / copies,
            "resident_mb": resident_mb(),
        });
    }
    let machine = Machine::look(&pool, None).await?;
    rig.stop().await?;
    let settings = row! { "rounds": args.rounds, "events": events };
    Ok(Report { bench: "rebuild", rows, settings, machine })
}

/// Every event as Postgres hands it out when nobody does anything with it, a second.
pub(super) async fn bare_copy(pool: &PgPool) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut chunks =
        pool.copy_out_raw("copy (select * from es.events order by position) to stdout").await?;
    let mut rows = 0_u64;
    while let Some(_row) = chunks.try_next().await? {
        rows += 1;
    }
    Ok(rows as f64 / started.elapsed().as_secs_f64())
}
