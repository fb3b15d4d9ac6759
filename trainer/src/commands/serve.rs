use clap::Args;
use service::ServeOptions;

use crate::config::{HttpConfig, ServerConfig, UpstreamConfig};
use crate::infrastructure::Infrastructure;
use crate::process::{Listen, Process};
use crate::role::Role;
use crate::sign_in_config::SignInConfig;

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Which part.
    #[arg(value_enum)]
    role: Role,
    #[command(flatten)]
    http: HttpConfig,
    #[command(flatten)]
    sign_in: SignInConfig,
    #[command(flatten)]
    upstreams: UpstreamConfig,
}

/// Runs one part of the program until told to stop.
///
/// # Errors
/// When the servers do not start or the port is taken.
pub(crate) async fn serve(args: ServeArgs, config: &ServerConfig) -> anyhow::Result<()> {
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

/// Starts the part; ends only when that fails.
async fn run(process: &mut Process, args: &ServeArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let ServeArgs { role, http, upstreams, sign_in: _ } = args;
    let address = (http.bind, http.port.unwrap_or(role.port()));
    let address = if *role == Role::Gateway {
        let listen = Listen { address, door: http.door()?, options: http.serve_options()? };
        process.run_gateway(upstreams, listen).await?
    } else {
        // Limits and TLS are for the public door; a direct port is for the gateway and for development.
        let options = ServeOptions::default();
        let listen = Listen { address, door: http.side_door()?, options };
        // The key stays with those who need it.
        let needs_key = matches!(role, Role::Auth | Role::Pdf | Role::Worker);
        let master_key = if needs_key { Some(config.master_key()?) } else { None };
        process.run(&[*role], config, master_key.as_ref(), listen).await?
    };
    tracing::info!(%address, ?role, "serving");
    std::future::pending().await
}
