//! What grows with the number of events, and what does not.

mod rebuilds;
mod store;

use std::time::Duration;

use clap::Args;

use self::store::Store;
use super::append::{Bench, Way};
use super::machine::Machine;
use super::program::command;
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
    /// How often every projection is rebuilt; the medians are shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds for the appends.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// How many callers append at the same time.
const CALLERS: usize = 128;

pub(super) async fn run(args: &LargeArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let mut stores = Vec::new();
    for millions in &args.millions {
        let events = (millions * 1_000_000.0) as i64;
        stores.push(Store::with(events, Rig::start(config).await?).await?);
    }
    let rebuilds = rebuilds::in_turns(&stores, args.rounds).await?;
    let (mut rows, mut machine) = (Vec::new(), None);
    for (store, rebuilds) in stores.into_iter().zip(rebuilds) {
        let mut row = store.size().await?;
        row.insert("copy_events_per_s".to_owned(), bare_copy(&store.pool).await?.round().into());
        row.extend(rebuilds);
        let all = command(&store.rig, &["projections", "rebuild", "--all", "--from-start"]).await?;
        let verified = command(&store.rig, &["projections", "verify", "runs"]).await?;
        let appends = Bench::prepare(&store.rig).await?;
        let time = Duration::from_secs(args.seconds);
        let (rate, mut latencies) = appends.drive(Way::Group, CALLERS, time).await?;
        drop(appends);
        row.extend(row! {
            "rebuild_all_s": all.elapsed.as_secs(),
            "rebuild_all_peak_mb": all.peak_mb,
            "verify_runs_per_s": (store.events as f64 / verified.elapsed.as_secs_f64()).round(),
            "verify_peak_mb": verified.peak_mb,
            "append_per_s": rate.round(),
            "append_p99_ms": latencies.quantile_ms(0.99),
        });
        row.extend(of_roles(&store.rig).await?);
        rows.push(row);
        machine = Some(Machine::look(&store.pool, None).await?);
        store.rig.stop().await?;
    }
    let machine = machine.ok_or_else(|| anyhow::anyhow!("no size was given"))?;
    let settings = row! { "callers": CALLERS, "rounds": args.rounds, "seconds": args.seconds };
    Ok(Report { bench: "large", rows, settings, machine })
}
