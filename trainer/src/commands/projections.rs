use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use event_store::head;
use projector::{Projection, checkpoints, rebuild};
use serde_json::json;

use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;
use crate::progress::spinner;

/// Options of `projections`.
#[derive(Debug, Args)]
pub(crate) struct ProjectionsArgs {
    #[command(subcommand)]
    command: ProjectionsCommand,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ProjectionsCommand {
    /// Shows how far each projection has come.
    List,
    /// Builds a projection anew from all events, beside the one that serves, and lets them change places.
    Rebuild {
        /// Which one.
        #[arg(value_parser = projection)]
        name: Projection,
    },
}

fn projection(name: &str) -> Result<Projection, String> {
    let names: Vec<_> = Projection::ALL.into_iter().map(Projection::name).collect();
    Projection::named(name).ok_or_else(|| format!("there are: {}", names.join(", ")))
}

/// Works on projections.
///
/// # Errors
/// When the servers fail or an event cannot be projected.
pub(crate) async fn projections(
    args: ProjectionsArgs,
    config: &ServerConfig,
) -> anyhow::Result<()> {
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        match args.command {
            ProjectionsCommand::List => list(infrastructure, args.json).await,
            ProjectionsCommand::Rebuild { name } => {
                rebuild_one(name, infrastructure, args.json).await
            }
        }
    })
    .await
}

#[expect(clippy::print_stdout, reason = "the list is the command's answer")]
async fn list(infrastructure: &Infrastructure, json: bool) -> anyhow::Result<()> {
    let head = head(&infrastructure.pool).await?;
    let checkpoints = checkpoints(&infrastructure.pool).await?;
    if json {
        let items: Vec<_> = checkpoints
            .iter()
            .map(|checkpoint| {
                json!({
                    "projection": checkpoint.projection,
                    "generation": checkpoint.generation,
                    "version": checkpoint.version,
                    "position": checkpoint.position,
                    "lag_events": head - checkpoint.position,
                    "updated_at": checkpoint.updated_at,
                })
            })
            .collect();
        println!("{}", json!({"head": head, "items": items}));
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["projection", "generation", "version", "position", "behind", "updated"]);
    for checkpoint in checkpoints {
        table.add_row([
            checkpoint.projection,
            checkpoint.generation,
            checkpoint.version.to_string(),
            checkpoint.position.to_string(),
            (head - checkpoint.position).to_string(),
            checkpoint.updated_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ]);
    }
    println!("{table}\nthe last event is at position {head}");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result is the command's answer")]
async fn rebuild_one(
    projection: Projection,
    infrastructure: &Infrastructure,
    json: bool,
) -> anyhow::Result<()> {
    let bar = spinner("events");
    let rebuilt = rebuild(projection, &infrastructure.pool, |progress| {
        bar.set_length(progress.head.unsigned_abs());
        bar.set_position(progress.position.unsigned_abs());
    })
    .await?;
    bar.finish_and_clear();
    let seconds = rebuilt.elapsed.as_secs_f64();
    let rate = rebuilt.events as f64 / seconds.max(f64::EPSILON);
    if json {
        let answer = json!({
            "projection": projection.name(), "events": rebuilt.events, "seconds": seconds, "events_per_s": rate,
        });
        println!("{answer}");
    } else {
        println!(
            "{} rebuilt from {} events in {seconds:.1} s, {rate:.0} events/s; the tables it replaced are in schema previous_{}",
            projection.name(),
            rebuilt.events,
            projection.name(),
        );
    }
    Ok(())
}
