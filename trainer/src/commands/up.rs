use clap::Args;

use crate::config::{HttpConfig, ServerConfig};
use crate::demo;
use crate::infrastructure::Infrastructure;
use crate::roles::{Process, Role};

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
    Infrastructure::until_stopped(config, async |infrastructure, stop| {
        infrastructure.migrate().await?;
        let client = infrastructure.nats("trainer").await?;
        let mut process = Process::new(infrastructure.pool.clone(), client);
        let ended = tokio::select! {
            ended = run(&mut process, &args, config) => ended,
            () = stop.received() => Ok(()),
        };
        process.stop().await;
        ended
    })
    .await
}

/// Starts every part, and shows the demo when asked to; ends only when it fails.
async fn run(process: &mut Process, args: &UpArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let UpArgs { http, demo } = args;
    let master_key = config.master_key()?;
    let listen = (http.bind, http.port.unwrap_or(PORT));
    let address = process.run(&Role::ALL, config, &master_key, listen, http.rate_limits()).await?;
    tracing::info!(%address, "everything is up");
    if *demo {
        demo::show(process, &master_key, address).await?;
        if config.nats_url.is_none() {
            demo::show_events(&config.data_dir);
        }
    }
    std::future::pending().await
}
