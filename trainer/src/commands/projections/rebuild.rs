use anyhow::bail;
use clap::Args;
use futures::future::join_all;
use indicatif::MultiProgress;
use projector::{Projection, RebuildFrom, RebuildProgress, Rebuilt, build, rebuild, rollback};
use serde_json::json;
use sqlx::PgPool;

use super::projection;
use crate::progress::spinner;

/// Options of `projections rebuild`.
#[derive(Debug, Args)]
pub(super) struct RebuildArgs {
    /// Which one.
    #[arg(value_parser = projection, required_unless_present = "all", conflicts_with = "all")]
    name: Option<Projection>,
    /// All of them, at the same time.
    #[arg(long)]
    all: bool,
    /// Begin with the first event, even when an interrupted rebuild could go on.
    #[arg(long)]
    from_start: bool,
    /// Leave the new rows beside those that serve, to be looked at with `diff`; the next `rebuild` takes them.
    #[arg(long)]
    keep_beside: bool,
}

pub(super) async fn rebuild_all(
    args: &RebuildArgs,
    pool: &PgPool,
    json: bool,
) -> anyhow::Result<()> {
    let from =
        if args.from_start { RebuildFrom::TheBeginning } else { RebuildFrom::WhereItStopped };
    let projections = args.name.map_or_else(|| Projection::ALL.to_vec(), |name| vec![name]);
    let bars = MultiProgress::new();
    let all = projections.into_iter().map(async |projection| {
        let bar = bars.add(spinner(projection.name()));
        let mut show = |progress: RebuildProgress| {
            bar.set_length(progress.head.unsigned_abs());
            bar.set_position(progress.position.unsigned_abs());
        };
        let rebuilt = if args.keep_beside {
            build(projection, pool, from, &mut show).await
        } else {
            rebuild(projection, pool, from, &mut show).await
        };
        bar.finish_and_clear();
        (projection, rebuilt)
    });
    let mut failed = Vec::new();
    // One that fails leaves the others to their end.
    for (projection, rebuilt) in join_all(all).await {
        let rebuilt = match rebuilt {
            Ok(rebuilt) => rebuilt,
            Err(error) => {
                let what = format!("{} is not rebuilt", projection.name());
                failed.push(anyhow::Error::from(error).context(what));
                continue;
            }
        };
        let where_to = if args.keep_beside {
            format!("`trainer projections diff {}` compares them", projection.name())
        } else {
            format!("the tables it replaced are in schema previous_{}", projection.name())
        };
        say(projection, "rebuilt", rebuilt, &where_to, json);
    }
    if failed.len() > 1 {
        let why = failed.iter().map(|error| format!("{error:#}")).collect::<Vec<_>>().join("; ");
        bail!("{why}");
    }
    failed.pop().map_or(Ok(()), Err)
}

pub(super) async fn roll_back(
    projection: Projection,
    pool: &PgPool,
    json: bool,
) -> anyhow::Result<()> {
    let bar = spinner("events");
    let mut show = |progress: RebuildProgress| {
        bar.set_length(progress.head.unsigned_abs());
        bar.set_position(progress.position.unsigned_abs());
    };
    let rolled_back = rollback(projection, pool, &mut show).await;
    bar.finish_and_clear();
    let where_to = format!("the tables it replaced are in schema previous_{}", projection.name());
    say(projection, "brought back, up to date", rolled_back?, &where_to, json);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result is the command's answer")]
fn say(projection: Projection, done: &str, rebuilt: Rebuilt, where_to: &str, json: bool) {
    let (seconds, rested) = (rebuilt.elapsed.as_secs_f64(), rebuilt.rested.as_secs_f64());
    let rate = rebuilt.events as f64 / seconds.max(f64::EPSILON);
    if json {
        let answer = json!({
            "projection": projection.name(), "events": rebuilt.events, "seconds": seconds,
            "rested_seconds": rested, "events_per_s": rate,
        });
        println!("{answer}");
    } else {
        let rests = if rested < 0.1 {
            String::new()
        } else {
            format!(" (of which it rested {rested:.1} s, because the live rows were behind)")
        };
        println!(
            "{} {done} from {} events in {seconds:.1} s{rests}, {rate:.0} events/s; {where_to}",
            projection.name(),
            rebuilt.events,
        );
    }
}
