use std::time::Duration;

use clap::Args;
use event_store::{head, read_after};
use sqlx::PgPool;

use super::json_line::print;
use crate::signals::StopSignal;

/// How often `--follow` looks.
const POLL: Duration = Duration::from_millis(250);

/// How many events one read takes.
const BATCH: i64 = 1_000;

/// Options of `events tail`.
#[derive(Debug, Args)]
pub(super) struct TailArgs {
    /// How many.
    #[arg(short = 'n', long, default_value_t = 20)]
    lines: i64,
    /// Begin behind this position instead.
    #[arg(long)]
    from: Option<i64>,
    /// Go on with those that come.
    #[arg(short, long)]
    follow: bool,
}

/// Prints the latest events; goes on until told to stop when it follows.
///
/// # Errors
/// When the database fails.
pub(super) async fn tail(
    args: TailArgs,
    pool: &PgPool,
    stop: &mut StopSignal,
) -> anyhow::Result<()> {
    let TailArgs { lines, from, follow } = args;
    let end = head(pool).await?;
    let position = from.unwrap_or((end - lines.max(0)).max(0));
    tokio::select! {
        () = stop.received() => Ok(()),
        printed = print_behind(pool, position, follow) => printed,
    }
}

async fn print_behind(pool: &PgPool, mut position: i64, follow: bool) -> anyhow::Result<()> {
    loop {
        let events = read_after(pool, position, BATCH).await?;
        if print(&events)?.is_break() {
            return Ok(());
        }
        match events.last() {
            Some(last) => position = last.position,
            None if !follow => return Ok(()),
            None => tokio::time::sleep(POLL).await,
        }
    }
}
