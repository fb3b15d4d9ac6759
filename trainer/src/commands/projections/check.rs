use anyhow::bail;
use clap::Args;
use projector::{Differences, Projection, RebuildProgress, diff, verify};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::progress::spinner;

/// How much is shown of what differs.
#[derive(Debug, Args)]
pub(super) struct ExampleArgs {
    /// How many of the rows that differ are shown.
    #[arg(long, default_value_t = 20)]
    examples: usize,
}

#[expect(clippy::print_stdout, reason = "the result is the command's answer")]
pub(super) async fn compare(
    projection: Projection,
    pool: &PgPool,
    args: &ExampleArgs,
    json: bool,
) -> anyhow::Result<()> {
    let bar = spinner("events");
    let mut show = |progress: RebuildProgress| {
        bar.set_length(progress.head.unsigned_abs());
        bar.set_position(progress.position.unsigned_abs());
    };
    let diff = diff(projection, pool, args.examples, &mut show).await;
    bar.finish_and_clear();
    let diff = diff?;
    if json {
        let mut answer = json!(diff);
        answer["projection"] = json!(projection.name());
        println!("{answer}");
        return Ok(());
    }
    println!(
        "{}: the rows that serve (version {}, position {}) and the {} ones (version {}, position {})",
        projection.name(),
        diff.live_version,
        diff.live_position,
        diff.with,
        diff.version,
        diff.position,
    );
    print_differences(&diff.differences, "serves", diff.with);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result is the command's answer")]
pub(super) async fn verify_all(
    name: Option<Projection>,
    pool: &PgPool,
    args: &ExampleArgs,
    json: bool,
) -> anyhow::Result<()> {
    let projections = name.map_or_else(|| Projection::ALL.to_vec(), |name| vec![name]);
    let mut wrong = Vec::new();
    for projection in projections {
        let bar = spinner("events");
        let verified = verify(projection, pool, args.examples, |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        })
        .await;
        bar.finish_and_clear();
        let verified = verified?;
        if !verified.is_clean() {
            wrong.push(projection.name());
        }
        if json {
            let mut answer = json!(verified);
            answer["projection"] = json!(projection.name());
            answer["clean"] = json!(verified.is_clean());
            println!("{answer}");
            continue;
        }
        println!(
            "{}: {} events up to position {} folded and compared",
            projection.name(),
            verified.events,
            verified.position,
        );
        for position in &verified.unreadable {
            println!(
                "  the event at position {position} cannot be read, and its stream is not parked"
            );
        }
        print_differences(&verified.differences, "stored", "should be");
    }
    if !wrong.is_empty() {
        bail!("the rows of {} are not what the events say", wrong.join(" and "));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result is the command's answer")]
fn print_differences(differences: &Differences, found: &str, compared: &str) {
    for (table, rows) in &differences.rows {
        match differences.differing.get(table) {
            None => println!("  {table}: {rows} rows, all equal"),
            Some(differing) => println!("  {table}: {rows} rows, {differing} differ"),
        }
    }
    let row = |row: &Option<Value>| row.as_ref().map_or("no row".to_owned(), Value::to_string);
    for difference in &differences.first {
        println!("  {} {}", difference.table, difference.key);
        println!("    {found}: {}", row(&difference.found));
        println!("    {compared}: {}", row(&difference.compared));
    }
    let left = differences.count() - differences.first.len() as u64;
    if left > 0 {
        println!("  and {left} more");
    }
}
