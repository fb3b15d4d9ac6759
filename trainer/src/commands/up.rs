use clap::Args;

use crate::config::{HttpConfig, ServerConfig};
use crate::demo;
use crate::infrastructure::Infrastructure;
use crate::process::{Listen, Process};
use crate::role::Role;
use crate::sign_in_config::SignInConfig;

/// Where everything is served together.
const PORT: u16 = 8000;

/// Options of `up`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    http: HttpConfig,
    #[command(flatten)]
    sign_in: SignInConfig,
    /// Make a demo runner with a plan and runs, and show what to try.
    #[arg(long)]
    demo: bool,
}

/// Runs everything in one process until told to stop.
///
/// # Errors
/// When the servers do not start or the port is taken.
pub(crate) async fn up(args: UpArgs, config: &ServerConfig) -> anyhow::Result<()> {
    // Before anything is started: what is wrong with it is said at once.
    let providers = args.sign_in.providers(config.accounts.public_url())?;
    Infrastructure::until_stopped(config, async |infrastructure, stop| {
        infrastructure.migrate().await?;
        let client = infrastructure.nats("trainer").await?;
        let mut process = Process::new(infrastructure.pool.clone(), client);
        process.providers = providers;
        process.login_throttle = args.http.login_throttle();
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
    let UpArgs { http, sign_in: _, demo } = args;
    let master_key = config.master_key()?;
    let listen = Listen {
        address: (http.bind, http.port.unwrap_or(PORT)),
        door: http.door()?,
        options: http.serve_options()?,
    };
    let address = process.run(&Role::ALL, config, Some(&master_key), listen).await?;
    tracing::info!(%address, "everything is up");
    if *demo {
        demo::show(process, &master_key, address, &config.data_dir).await?;
        if config.nats_url.is_none() {
            demo::show_events(&config.data_dir);
        }
    }
    std::future::pending().await
}
