//! `trainer`: the only program of Running Trainer.

mod account_config;
mod bench;
mod commands;
mod config;
mod demo;
mod http_client;
mod infrastructure;
mod migrations;
mod open_files;
mod print_config;
mod process;
mod progress;
mod role;
mod sign_in_config;
mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service::telemetry::{self, LevelFilter};

use crate::config::{LogConfig, ServerConfig};

/// A sixth of the time of a busy server went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A self-hosted training platform for runners: every plan, workout and run can be seen as it was.
///
/// `trainer up` starts everything on http://localhost:8000. With neither DATABASE_URL nor NATS_URL set it
/// starts a private Postgres and a private nats-server and keeps their data in the data folder; nothing that
/// is installed already is touched. Every option can also be given as the environment variable named with it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    servers: ServerConfig,
    #[command(flatten)]
    log: LogConfig,
}

const EXAMPLES: &str = "\
Examples:
  trainer up                                      everything, on http://localhost:8000
  trainer up --demo                               the same with a demo runner and what to try
  trainer user create --email me@example.org      an account; asks for the password
  trainer import runs activities.csv --user me@example.org
  trainer import plan marathon.yaml --race-date 2027-04-25 --user me@example.org
  trainer pdf PLAN --template overview -o plan.pdf  a plan on paper
  trainer events tail --follow                    what happens, as it happens
  trainer events export --output events.jsonl     all of it, for another store or for analysis
  trainer projections rebuild runs                the runs' tables anew, from the events
  trainer projections verify                      are the tables what the events say?
  trainer doctor                                  is everything as it should be?";

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs everything in one process.
    Up(commands::up::UpArgs),
    /// Runs one part, as a process of its own.
    Serve(commands::serve::ServeArgs),
    /// Brings the database's shape up to date; every start does so too.
    Migrate,
    /// Works on accounts.
    User(commands::user::UserArgs),
    /// Works on what signs people in: rotates the keys of access tokens.
    Auth(commands::auth::AuthArgs),
    /// Shows mails that are not sent, and tries them again.
    Mail(commands::mail::MailArgs),
    /// Imports plans and runs from files.
    Import(commands::import::ImportArgs),
    /// Prints a plan as PDF; needs no running server.
    Pdf(Box<commands::pdf::PdfArgs>),
    /// Shows, rebuilds, compares and verifies the tables that queries read.
    Projections(commands::projections::ProjectionsArgs),
    /// Shows plans and runs with an event that a projection cannot apply, and lets them go on.
    Parked(commands::parked::ParkedArgs),
    /// Shows events, exports and imports them, and publishes them again.
    Events(commands::events::EventsArgs),
    /// Prints the OpenAPI document; needs no server.
    Openapi,
    /// Prints the AsyncAPI document: the events on NATS and their JSON Schemas; needs no server.
    Asyncapi,
    /// Looks whether everything is as it should be.
    Doctor,
    /// Measures what this machine does.
    Bench(bench::BenchArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong and why; where in the program it was found helps nobody who runs it.
fn complain(error: &anyhow::Error) {
    eprintln!("Error: {error}");
    let mut causes = error.chain().skip(1).peekable();
    if causes.peek().is_some() {
        eprintln!("\nCaused by:");
    }
    for cause in causes {
        eprintln!("    {cause}");
    }
}

async fn run() -> anyhow::Result<()> {
    let Cli { command, servers, log } = Cli::parse();
    // A line for every request would be a part of what is measured.
    let otherwise = match &command {
        Command::Bench(_) => LevelFilter::WARN,
        // They talk to nobody, and need not say so.
        Command::Openapi | Command::Asyncapi => LevelFilter::ERROR,
        Command::Up(_)
        | Command::Serve(_)
        | Command::Migrate
        | Command::User(_)
        | Command::Auth(_)
        | Command::Mail(_)
        | Command::Import(_)
        | Command::Pdf(_)
        | Command::Projections(_)
        | Command::Parked(_)
        | Command::Events(_)
        | Command::Doctor => LevelFilter::INFO,
    };
    telemetry::init(log.log_format.into(), otherwise)?;
    open_files::raise_limit();
    match command {
        Command::Up(args) => commands::up::up(args, &servers).await,
        Command::Serve(args) => commands::serve::serve(args, &servers).await,
        Command::Migrate => commands::migrate::migrate(&servers).await,
        Command::User(args) => commands::user::user(args, &servers).await,
        Command::Auth(args) => commands::auth::auth(args, &servers).await,
        Command::Mail(args) => commands::mail::mail(args, &servers).await,
        Command::Import(args) => commands::import::import(args, &servers).await,
        Command::Pdf(args) => commands::pdf::pdf(*args, &servers).await,
        Command::Projections(args) => commands::projections::projections(args, &servers).await,
        Command::Parked(args) => commands::parked::parked(args, &servers).await,
        Command::Events(args) => commands::events::events(args, &servers).await,
        Command::Openapi => commands::openapi::openapi().await,
        Command::Asyncapi => {
            commands::asyncapi::asyncapi();
            Ok(())
        }
        Command::Doctor => commands::doctor::doctor(&servers).await,
        Command::Bench(args) => bench::run(args, &servers).await,
    }
}
