//! `trainer parked`: streams with an event that cannot be applied.

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use projector::{
    ParkedStream, Projection, Unparked, drop_event, parked_stream, parked_streams, retry,
    waiting_events,
};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::projections::projection;
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Options of `parked`.
#[derive(Debug, Args)]
pub(crate) struct ParkedArgs {
    #[command(subcommand)]
    command: ParkedCommand,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ParkedCommand {
    /// Shows which plans and runs wait in which projection, and why.
    List,
    /// Shows why one waits, and its events that wait.
    Show(StreamArgs),
    /// Tries one again, or all: applies what waits, in order, as far as it can be applied. Fails when one still waits.
    Retry {
        /// The projection.
        #[arg(value_parser = projection, requires = "id", required_unless_present = "all")]
        name: Option<Projection>,
        /// The id of the plan or run.
        id: Option<Uuid>,
        /// All that are parked.
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Passes over the event that holds one up, for good, and applies what waits behind it.
    Drop {
        #[command(flatten)]
        stream: StreamArgs,
        /// Only the event at this position, in case another one holds it up by now.
        #[arg(long)]
        position: Option<i64>,
    },
}

/// Which stream in which projection.
#[derive(Debug, Clone, Copy, Args)]
struct StreamArgs {
    /// The projection.
    #[arg(value_parser = projection)]
    name: Projection,
    /// The id of the plan or run.
    id: Uuid,
}

/// Works on parked streams.
///
/// # Errors
/// When the servers fail, a stream is not parked, or one that was tried again still waits.
pub(crate) async fn parked(args: ParkedArgs, config: &ServerConfig) -> anyhow::Result<()> {
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        let (pool, json) = (&infrastructure.pool, args.json);
        match args.command {
            ParkedCommand::List => list(pool, json).await,
            ParkedCommand::Show(stream) => show(stream, pool, json).await,
            ParkedCommand::Retry { name: Some(name), id: Some(id), .. } => {
                retry_one(StreamArgs { name, id }, pool, json).await
            }
            ParkedCommand::Retry { .. } => retry_all(pool, json).await,
            ParkedCommand::Drop { stream, position } => {
                drop_one(stream, position, pool, json).await
            }
        }
    })
    .await
}

#[expect(clippy::print_stdout, reason = "the list is the command's answer")]
async fn list(pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let parked = parked_streams(pool).await?;
    if json {
        println!("{}", json!({ "items": parked }));
        return Ok(());
    }
    if parked.is_empty() {
        say_nothing_is_parked();
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["projection", "generation", "stream", "stuck at", "since", "tried", "why"]);
    for stream in parked {
        table.add_row([
            stream.projection,
            stream.generation,
            format!("{} {}", stream.aggregate_type, stream.stream_id),
            format!("{} {}", stream.position, stream.event_type),
            stream.parked_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            stream.attempts.to_string(),
            stream.reason,
        ]);
    }
    println!("{table}");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the events are the command's answer")]
async fn show(args: StreamArgs, pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let Some(stream) = parked_stream(pool, args.name, args.id).await? else {
        bail!("{}", not_parked(args));
    };
    let events = waiting_events(pool, &stream).await?;
    if json {
        let events: Vec<_> = events
            .iter()
            .map(|event| {
                json!({
                    "position": event.position,
                    "sequence": event.sequence,
                    "type": event.event_type(),
                    "version": event.event_version(),
                    "recorded_at": event.recorded_at,
                })
            })
            .collect();
        println!("{}", json!({ "stream": stream, "events": events }));
        return Ok(());
    }
    let ParkedStream { aggregate_type, stream_id, position, reason, attempts, .. } = &stream;
    println!("{aggregate_type} {stream_id} waits in {}, tried {attempts} times", args.name.name());
    println!("{reason}");
    for event in &events {
        println!("  {} {} version {}", event.position, event.event_type(), event.event_version());
    }
    println!("`trainer events show {position}` prints the event that holds it up");
    Ok(())
}

async fn retry_one(args: StreamArgs, pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let Some(unparked) = retry(pool, args.name, args.id).await? else {
        bail!("{}", not_parked(args));
    };
    let waits = matches!(unparked, Unparked::Stuck { .. });
    say(args, unparked, json);
    ensure!(!waits, "it still waits");
    Ok(())
}

async fn retry_all(pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let (mut tried, mut wait) = (0, 0);
    for stream in parked_streams(pool).await? {
        let Some(name) = Projection::named(&stream.projection) else { continue };
        if stream.generation != "live" {
            continue;
        }
        let args = StreamArgs { name, id: stream.stream_id };
        // Somebody else may have tried it meanwhile.
        if let Some(unparked) = retry(pool, name, stream.stream_id).await? {
            tried += 1;
            wait += usize::from(matches!(unparked, Unparked::Stuck { .. }));
            say(args, unparked, json);
        }
    }
    if tried == 0 && !json {
        say_nothing_is_parked();
    }
    ensure!(wait == 0, "{wait} of {tried} still wait");
    Ok(())
}

async fn drop_one(
    args: StreamArgs,
    position: Option<i64>,
    pool: &PgPool,
    json: bool,
) -> anyhow::Result<()> {
    let Some(unparked) = drop_event(pool, args.name, args.id, position).await? else {
        bail!("{}", not_parked(args));
    };
    say(args, unparked, json);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result is the command's answer")]
fn say(args: StreamArgs, unparked: Unparked, json: bool) {
    let (projection, stream_id) = (args.name.name(), args.id);
    let answer = match unparked {
        Unparked::Whole { events } if json => {
            json!({ "projection": projection, "stream_id": stream_id, "parked": false, "applied": events }).to_string()
        }
        Unparked::Stuck { events, position, reason } if json => {
            json!({ "projection": projection, "stream_id": stream_id, "parked": true, "applied": events,
                    "position": position, "reason": reason })
            .to_string()
        }
        Unparked::Whole { events } => {
            format!("{stream_id} goes on in {projection}: {events} events applied")
        }
        Unparked::Stuck { events, position, reason } => format!(
            "{stream_id} still waits in {projection}: {events} events applied, stuck at position {position}: {reason}"
        ),
    };
    println!("{answer}");
}

#[expect(clippy::print_stdout, reason = "it is the command's answer")]
fn say_nothing_is_parked() {
    println!("nothing is parked");
}

fn not_parked(args: StreamArgs) -> String {
    format!("{} is not parked in {}", args.id, args.name.name())
}
