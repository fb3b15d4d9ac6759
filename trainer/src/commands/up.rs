use clap::Args;

use crate::config::{HttpConfig, ServerConfig};
use crate::demo;
use crate::infrastructure::Infrastructure;
use crate::roles::{Process, Role};
use crate::signals::stop_signal;

/// Where everything is served together.
const PORT: u16 = 8000;

/// Options of `up`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    http: HttpConfig,
    /// Make a demo runner with a plan and runs, and show what to try.
    #[arg(long)]
    demo: bool,
}

/// Runs everything in one process until told to stop.
///
/// # Errors
/// When the servers do not start or the port is taken.
pub(crate) async fn up(args: UpArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let UpArgs { http, demo } = args;
    Infrastructure::with(config, async |infrastructure| {
        run(infrastructure, &http, demo, config).await
    })
    .await
}

async fn run(
    infrastructure: &Infrastructure,
    http: &HttpConfig,
    demo: bool,
    config: &ServerConfig,
) -> anyhow::Result<()> {
    infrastructure.migrate().await?;
    let client = infrastructure.nats("trainer").await?;
    let mut process = Process::new(infrastructure.pool.clone(), client);
    let port = http.port.unwrap_or(PORT);
    let address = process
        .run(&Role::ALL, config, &config.master_key()?, (http.bind, port), http.rate_limits())
        .await?;
    tracing::info!(%address, "everything is up");
    let stopped = tokio::select! {
        stopped = stop_signal() => stopped,
        failed = show_demo(demo, &process, config, address) => failed,
    };
    process.stop().await;
    stopped
}

/// Shows the demo when asked to; ends only when it fails.
async fn show_demo(
    demo: bool,
    process: &Process,
    config: &ServerConfig,
    address: std::net::SocketAddr,
) -> anyhow::Result<()> {
    if demo {
        demo::show(process, &config.master_key()?, address).await?;
    }
    std::future::pending().await
}
