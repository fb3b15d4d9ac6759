//! `trainer projections`: where they stand, rebuilding, comparing and verifying them.

mod check;
mod rebuild;
mod status;

use anyhow::ensure;
use clap::{Args, Subcommand};
use projector::{Projection, pause, resume};

use self::check::{ExampleArgs, compare, verify_all};
use self::rebuild::{RebuildArgs, rebuild_all, roll_back};
use self::status::{list, watch};
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

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
    /// Shows how far each projection has come, with every generation of its rows.
    List,
    /// Shows how each projection is doing: behind or not, paused, being rebuilt and for how long yet.
    Status {
        /// Show it again every second, until stopped.
        #[arg(long)]
        watch: bool,
    },
    /// Builds a projection anew from all events, beside the one that serves, and lets them change places. Interrupted, it
    /// goes on where it was.
    Rebuild(RebuildArgs),
    /// Keeps a projection from going on, until it is resumed. Commands go on; their answers wait for it in vain.
    Pause {
        /// Which one.
        #[arg(value_parser = projection)]
        name: Projection,
    },
    /// Lets a paused projection go on.
    Resume {
        /// Which one.
        #[arg(value_parser = projection)]
        name: Projection,
    },
    /// Compares the rows that serve with those a rebuild has put beside them (`rebuild --keep-beside`), or else with
    /// those that served before.
    Diff {
        /// Which one.
        #[arg(value_parser = projection)]
        name: Projection,
        #[command(flatten)]
        examples: ExampleArgs,
    },
    /// Brings the rows that served before up to date, and lets them serve again.
    Rollback {
        /// Which one.
        #[arg(value_parser = projection)]
        name: Projection,
    },
    /// Folds all events in memory and compares the result with the rows that serve, row by row. Fails when they differ.
    Verify {
        /// Which one; all when none is named.
        #[arg(value_parser = projection)]
        name: Option<Projection>,
        #[command(flatten)]
        examples: ExampleArgs,
    },
}

/// Reads the name of a projection.
///
/// # Errors
/// When there is none of this name; says which there are.
pub(super) fn projection(name: &str) -> Result<Projection, String> {
    let names: Vec<_> = Projection::ALL.into_iter().map(Projection::name).collect();
    Projection::named(name).ok_or_else(|| format!("there are: {}", names.join(", ")))
}

/// Works on projections.
///
/// # Errors
/// When the servers fail, somebody else is at it, or rows are not what the events say.
pub(crate) async fn projections(
    args: ProjectionsArgs,
    config: &ServerConfig,
) -> anyhow::Result<()> {
    Infrastructure::until_stopped(config, async |infrastructure, stop| {
        infrastructure.migrate().await?;
        let watches = matches!(args.command, ProjectionsCommand::Status { .. });
        tokio::select! {
            done = work(args, infrastructure) => done,
            () = stop.received() => {
                // What was begun is taken up again by the next call.
                ensure!(watches, "told to stop before it was done");
                Ok(())
            }
        }
    })
    .await
}

async fn work(args: ProjectionsArgs, infrastructure: &Infrastructure) -> anyhow::Result<()> {
    let (pool, json) = (&infrastructure.pool, args.json);
    match args.command {
        ProjectionsCommand::List => list(pool, json).await,
        ProjectionsCommand::Status { watch: again } => watch(pool, again, json).await,
        ProjectionsCommand::Rebuild(args) => rebuild_all(&args, pool, json).await,
        ProjectionsCommand::Pause { name } => {
            pause(name, pool).await?;
            say(name, "paused", json);
            Ok(())
        }
        ProjectionsCommand::Resume { name } => {
            resume(name, pool).await?;
            say(name, "resumed", json);
            Ok(())
        }
        ProjectionsCommand::Diff { name, examples } => compare(name, pool, &examples, json).await,
        ProjectionsCommand::Rollback { name } => roll_back(name, pool, json).await,
        ProjectionsCommand::Verify { name, examples } => {
            verify_all(name, pool, &examples, json).await
        }
    }
}

#[expect(clippy::print_stdout, reason = "the result is the command's answer")]
fn say(projection: Projection, what: &str, json: bool) {
    if json {
        println!("{}", serde_json::json!({ "projection": projection.name(), "done": what }));
    } else {
        println!("{} {what}", projection.name());
    }
}
