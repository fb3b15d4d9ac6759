use std::time::{Duration, Instant};

use clap::Args;
use futures::future::try_join_all;
use projector::{Projection, RebuildFrom, RebuildProgress, rebuild, verify};
use sqlx::PgPool;

use super::append::{Bench, Way};
use super::history::fill;
use super::machine::{Machine, resident_mb};
use super::rebuild::bare_copy;
use super::report::{Report, row};
use super::resident::of_roles;
use super::rig::Rig;
use crate::config::ServerConfig;

/// Options of `bench large`.
#[derive(Debug, Args)]
pub(crate) struct LargeArgs {
    /// How many events there are, in millions; a list.
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 10.0])]
    millions: Vec<f64>,
    /// Seconds for the appends.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// How many callers append at the same time.
const CALLERS: usize = 128;

pub(super) async fn run(args: &LargeArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let (mut rows, mut machine) = (Vec::new(), None);
    for millions in &args.millions {
        let events = (millions * 1_000_000.0) as i64;
        // A store of its own for each size.
        let rig = Rig::start(config).await?;
        let pool = rig.pool(8).await?;
        fill(&pool, events).await?;
        let copy = bare_copy(&pool).await?;
        let mut row = row! {
            "events": events,
            "events_mb": megabytes(&pool, "pg_table_size('es.events')").await?,
            "indexes_mb": megabytes(&pool, "pg_indexes_size('es.events')").await?,
            "copy_events_per_s": copy.round(),
        };
        let began = Instant::now();
        for projection in Projection::ALL {
            let mut steps = Vec::new();
            let rebuilt =
                rebuild(projection, &pool, RebuildFrom::TheBeginning, &mut |step| steps.push(step))
                    .await?;
            let rate = rebuilt.events as f64 / rebuilt.elapsed.as_secs_f64();
            let name = projection.name();
            row.insert(format!("rebuild_{name}_per_s"), rate.round().into());
            row.insert(format!("rebuild_{name}_second_half"), second_to_first_half(&steps).into());
        }
        row.insert("rebuild_one_by_one_s".to_owned(), began.elapsed().as_secs().into());
        let began = Instant::now();
        try_join_all(Projection::ALL.into_iter().map(async |projection| {
            rebuild(projection, &pool, RebuildFrom::TheBeginning, &mut |_| {}).await
        }))
        .await?;
        row.insert("rebuild_all_s".to_owned(), began.elapsed().as_secs().into());
        row.insert("rebuild_resident_mb".to_owned(), resident_mb().into());
        let began = Instant::now();
        let verified = verify(Projection::Runs, &pool, 1, |_, _| {}).await?;
        anyhow::ensure!(verified.is_clean(), "the rebuilt rows are not what the events say");
        let rate = verified.events as f64 / began.elapsed().as_secs_f64();
        row.insert("verify_runs_per_s".to_owned(), rate.round().into());
        row.insert("verify_resident_mb".to_owned(), resident_mb().into());
        let appends = Bench::prepare(&rig).await?;
        let time = Duration::from_secs(args.seconds);
        let (rate, mut latencies) = appends.drive(Way::Group, CALLERS, time).await?;
        drop(appends);
        row.insert("append_per_s".to_owned(), rate.round().into());
        row.insert("append_p99_ms".to_owned(), latencies.quantile_ms(0.99).into());
        row.extend(of_roles(&rig).await?);
        rows.push(row);
        machine = Some(Machine::look(&pool, None).await?);
        rig.stop().await?;
    }
    let machine = machine.ok_or_else(|| anyhow::anyhow!("no size was given"))?;
    let settings = row! { "callers": CALLERS, "seconds": args.seconds };
    Ok(Report { bench: "large", rows, settings, machine })
}

/// How fast the second half of a rebuild went, the speed of the first being 1. Of one run, because machines are faster
/// and slower from one minute to the next.
fn second_to_first_half(steps: &[RebuildProgress]) -> Option<f64> {
    let last = steps.last()?;
    let half = steps.iter().find(|step| step.position >= last.position / 2)?;
    let seconds = (last.elapsed - half.elapsed).as_secs_f64();
    Some((last.position - half.position) as f64 / seconds / half.events_per_s())
}

async fn megabytes(pool: &PgPool, size: &str) -> anyhow::Result<i64> {
    // An expression of our own.
    let bytes: i64 = sqlx::query_scalar(&format!("select {size}")).fetch_one(pool).await?;
    Ok(bytes / 1_000_000)
}
