use clap::{Args, Subcommand};

use super::export::{ExportArgs, export};
use super::import::{ImportArgs, import};
use super::replay::{ReplayArgs, replay};
use super::show::show;
use super::tail::{TailArgs, tail};
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Options of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Prints the latest events as JSON lines.
    Tail(TailArgs),
    /// Prints one event with all it carries, or the whole history of a plan or run.
    Show {
        /// A position, or the id of a plan or run.
        what: String,
    },
    /// Writes events to a file, in order. Accounts and remembered answers are not among them.
    Export(ExportArgs),
    /// Fills an empty store with the events of an export, all or none: positions, ids and times stay.
    Import(ImportArgs),
    /// Publishes events again, on a subject of its own, for a subscriber that has missed them.
    Replay(ReplayArgs),
}

/// Works on events.
///
/// # Errors
/// When the servers, the files or the events are not as they should be.
pub(crate) async fn events(args: EventsArgs, config: &ServerConfig) -> anyhow::Result<()> {
    match args.command {
        EventsCommand::Tail(args) => {
            Infrastructure::until_stopped(config, async |infrastructure, stop| {
                infrastructure.migrate().await?;
                tail(args, &infrastructure.pool, stop).await
            })
            .await
        }
        EventsCommand::Show { what } => {
            Infrastructure::with(config, async |infrastructure| {
                infrastructure.migrate().await?;
                show(&infrastructure.pool, &what).await
            })
            .await
        }
        EventsCommand::Export(args) => export(args, config).await,
        EventsCommand::Import(args) => import(args, config).await,
        EventsCommand::Replay(args) => replay(args, config).await,
    }
}
