use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};
use event_store::{RecordedEvent, head, read_after, read_stream};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;
use crate::signals::StopSignal;

/// How often `tail --follow` looks.
const POLL: Duration = Duration::from_millis(250);

/// How many events one read takes.
const BATCH: i64 = 1_000;

/// Options of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Prints the latest events as JSON lines.
    Tail {
        /// How many.
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: i64,
        /// Begin behind this position instead.
        #[arg(long)]
        from: Option<i64>,
        /// Go on with those that come.
        #[arg(short, long)]
        follow: bool,
    },
    /// Prints one event with all it carries, or the whole history of a plan or run.
    Show {
        /// A position, or the id of a plan or run.
        what: String,
    },
}

/// Shows events.
///
/// # Errors
/// When the servers fail.
pub(crate) async fn events(args: EventsArgs, config: &ServerConfig) -> anyhow::Result<()> {
    Infrastructure::until_stopped(config, async |infrastructure, stop| {
        infrastructure.migrate().await?;
        let pool = &infrastructure.pool;
        match args.command {
            EventsCommand::Tail { lines, from, follow } => {
                tail(pool, lines, from, follow, stop).await
            }
            EventsCommand::Show { what } => show(pool, &what).await,
        }
    })
    .await
}

async fn tail(
    pool: &PgPool,
    lines: i64,
    from: Option<i64>,
    follow: bool,
    stop: &mut StopSignal,
) -> anyhow::Result<()> {
    let end = head(pool).await?;
    let position = from.unwrap_or((end - lines.max(0)).max(0));
    tokio::select! {
        () = stop.received() => Ok(()),
        printed = print_behind(pool, position, follow) => printed,
    }
}

/// Prints every event behind a position; goes on for ever when it follows.
async fn print_behind(pool: &PgPool, mut position: i64, follow: bool) -> anyhow::Result<()> {
    loop {
        let events = read_after(pool, position, BATCH).await?;
        print(&events)?;
        match events.last() {
            Some(last) => position = last.position,
            None if !follow => return Ok(()),
            None => tokio::time::sleep(POLL).await,
        }
    }
}

async fn show(pool: &PgPool, what: &str) -> anyhow::Result<()> {
    if let Ok(position) = what.parse::<i64>() {
        let event = read_after(pool, position - 1, 1).await?;
        if event.first().is_none_or(|event| event.position != position) {
            bail!("there is no event at position {position}");
        }
        return print(&event);
    }
    let Ok(id) = Uuid::parse_str(what) else { bail!("{what} is neither a position nor an id") };
    let mut events = read_stream(pool, "plan", id).await?;
    events.extend(read_stream(pool, "run", id).await?);
    events.extend(read_stream(pool, "user", id).await?);
    if events.is_empty() {
        bail!("there is no plan or run with the id {id}");
    }
    print(&events)
}

#[expect(clippy::print_stdout, reason = "the events are the command's answer")]
fn print(events: &[RecordedEvent]) -> anyhow::Result<()> {
    for event in events {
        let line = json!({
            "position": event.position,
            "type": event.event_type(),
            "version": event.event_version(),
            "aggregate_type": event.aggregate_type(),
            "aggregate_id": event.aggregate_id,
            "sequence": event.sequence,
            "owner_id": event.owner_id,
            "part": event.part.to_string(),
            "event_id": event.event_id,
            "recorded_at": event.recorded_at,
            "data": serde_json::from_slice::<Value>(&event.payload)?,
            "metadata": serde_json::from_slice::<Value>(&event.metadata)?,
        });
        println!("{line}");
    }
    Ok(())
}
