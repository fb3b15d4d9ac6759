use clap::Args;
use gateway::RateLimits;

use crate::config::{HttpConfig, ServerConfig};
use crate::infrastructure::Infrastructure;
use crate::roles::{Process, Role};

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Which part.
    #[arg(value_enum)]
    role: Role,
    #[command(flatten)]
    http: HttpConfig,
}

/// Runs one part of the program until told to stop.
///
/// # Errors
/// When the servers do not start or the port is taken.
pub(crate) async fn serve(args: ServeArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let ServeArgs { role, http } = args;
    Infrastructure::until_stopped(config, async |infrastructure, stop| {
        infrastructure.migrate().await?;
        let client = infrastructure.nats("trainer").await?;
        let mut process = Process::new(infrastructure.pool.clone(), client);
        let ended = tokio::select! {
            ended = run(&mut process, role, &http, config) => ended,
            () = stop.received() => Ok(()),
        };
        process.stop().await;
        ended
    })
    .await
}

/// Starts the part; ends only when that fails.
async fn run(
    process: &mut Process,
    role: Role,
    http: &HttpConfig,
    config: &ServerConfig,
) -> anyhow::Result<()> {
    let listen = (http.bind, http.port.unwrap_or(role.port()));
    // Limits are for the public door; a direct port is for the gateway and for development.
    let address =
        process.run(&[role], config, &config.master_key()?, listen, RateLimits::Off).await?;
    tracing::info!(%address, ?role, "serving");
    std::future::pending().await
}
