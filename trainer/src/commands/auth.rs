use clap::{Args, Subcommand};

use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Options of `auth`.
#[derive(Debug, Args)]
pub(crate) struct AuthArgs {
    #[command(subcommand)]
    command: AuthCommand,
}

#[derive(Debug, Subcommand)]
enum AuthCommand {
    /// Makes a new key for access tokens; running trainers sign with it within ten seconds.
    ///
    /// Tokens that are about stay good until they expire: the key they were signed with is published for another hour.
    RotateKeys,
}

/// Works on what signs people in.
///
/// # Errors
/// When the servers fail, or the keys do not open under the master key.
#[expect(clippy::print_stdout, reason = "the new key's id is the command's answer")]
pub(crate) async fn auth(args: AuthArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let AuthCommand::RotateKeys = args.command;
    let key_id = Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        Ok(auth::rotate_signing_key(&infrastructure.pool, &config.master_key()?).await?)
    })
    .await?;
    println!("{key_id}");
    Ok(())
}
