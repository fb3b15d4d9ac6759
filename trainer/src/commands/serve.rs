use clap::Args;
use gateway::RateLimits;

use crate::config::{HttpConfig, ServerConfig};
use crate::infrastructure::Infrastructure;
use crate::roles::{Process, Role};
use crate::signals::stop_signal;

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
    Infrastructure::with(config, async |infrastructure| {
        run(role, &http, infrastructure, config).await
    })
    .await
}

async fn run(
    role: Role,
    http: &HttpConfig,
    infrastructure: &Infrastructure,
    config: &ServerConfig,
) -> anyhow::Result<()> {
    infrastructure.migrate().await?;
    let client = infrastructure.nats("trainer").await?;
    let mut process = Process::new(infrastructure.pool.clone(), client);
    let port = http.port.unwrap_or(role.port());
    // Limits are for the public door; a direct port is for the gateway and for development.
    let address = process
        .run(&[role], config, &config.master_key()?, (http.bind, port), RateLimits::Off)
        .await?;
    tracing::info!(%address, ?role, "serving");
    stop_signal().await?;
    process.stop().await;
    Ok(())
}
