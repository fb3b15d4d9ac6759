//! `trainer bench`: what this machine does, measured against private servers that are thrown away
//! afterwards, with durability on.

mod append;
mod gateway;
mod history;
mod http;
mod large;
mod machine;
mod plain_insert;
mod print;
mod program;
mod rebuild;
mod report;
mod resident;
mod rig;
mod stack;
mod stats;
mod story;
mod visible;

use clap::{Args, Subcommand};

use self::report::Report;
use crate::config::ServerConfig;

/// Options of every benchmark.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
    /// Print one JSON object instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Appends a second: group append, stock postgres-es and one plain INSERT, at 1 to 512 callers.
    Append(append::AppendArgs),
    /// Commands and queries a second over HTTP, beside pgbench doing one plain INSERT.
    Http(http::HttpArgs),
    /// What the gateway costs: a route without it, with it in the same process, and through it over HTTP.
    Gateway(gateway::GatewayArgs),
    /// From the answer to a write until its row can be read.
    Visible(visible::VisibleArgs),
    /// Events a second of a projection's rebuild, beside the bare COPY of the same events.
    Rebuild(rebuild::RebuildArgs),
    /// Printing a plan with each template, beside WeasyPrint if it is given; then 200 PDFs asked for at once.
    Print(print::PrintArgs),
    /// What millions of events cost: size on disk, memory, appends and rebuilds a second. Takes half an hour.
    Large(large::LargeArgs),
}

/// Runs a benchmark and prints its report.
///
/// # Errors
/// When the servers cannot be started or fail on the way.
pub(crate) async fn run(args: BenchArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let report: Report = match args.bench {
        Bench::Append(bench) => append::run(&bench, config).await?,
        Bench::Http(bench) => http::run(&bench, config).await?,
        Bench::Gateway(bench) => gateway::run(&bench, config).await?,
        Bench::Visible(bench) => visible::run(&bench, config).await?,
        Bench::Rebuild(bench) => rebuild::run(&bench, config).await?,
        Bench::Print(bench) => print::run(&bench, config).await?,
        Bench::Large(bench) => large::run(&bench, config).await?,
    };
    if args.json { report.print_json() } else { report.print_table() }
}
