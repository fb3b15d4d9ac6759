use std::io::{IsTerminal, Read, Write};

use anyhow::Context;
use auth::Password;
use clap::{Args, Subcommand};
use domain::OwnerId;
use service::Role;

use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Options of `user`.
#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Makes an account. The password is read from standard input, or from TRAINER_USER_PASSWORD.
    Create {
        /// The e-mail to sign in with.
        #[arg(long)]
        email: String,
        /// What to call the person.
        #[arg(long)]
        name: Option<String>,
        /// What the account may do; may be given several times.
        #[arg(long = "role", default_value = "athlete")]
        roles: Vec<String>,
    },
    /// Takes the second factor of an account away whose owner has lost it, and prints the account's id.
    RemoveSecondFactor {
        /// The e-mail they sign in with.
        #[arg(long)]
        email: String,
    },
}

/// Works on accounts.
///
/// # Errors
/// When something about the account is refused, or the servers fail.
#[expect(clippy::print_stdout, reason = "the account's id is the command's answer")]
pub(crate) async fn user(args: UserArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let user_id = match args.command {
        UserCommand::Create { email, name, roles } => create(config, email, name, roles).await?,
        UserCommand::RemoveSecondFactor { email } => remove_second_factor(config, email).await?,
    };
    println!("{user_id}");
    Ok(())
}

async fn create(
    config: &ServerConfig,
    email: String,
    name: Option<String>,
    roles: Vec<String>,
) -> anyhow::Result<OwnerId> {
    let roles: Vec<Role> = roles
        .iter()
        .map(|role| {
            Role::from_word(role)
                .with_context(|| format!("{role} is not a role: athlete, coach or admin"))
        })
        .collect::<Result<_, _>>()?;
    let password = password()?;
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        let pool = &infrastructure.pool;
        Ok(auth::create_user(pool, &email, password, name.as_deref(), &roles).await?)
    })
    .await
}

async fn remove_second_factor(config: &ServerConfig, email: String) -> anyhow::Result<OwnerId> {
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        let pool = &infrastructure.pool;
        let user_id = auth::find_user(pool, &email).await?;
        let user_id = user_id.context("there is no account with this e-mail address")?;
        let removed = auth::remove_second_factor(pool, user_id).await?;
        anyhow::ensure!(removed, "no second factor guards the account");
        Ok(user_id)
    })
    .await
}

fn password() -> anyhow::Result<Password> {
    if let Ok(password) = std::env::var("TRAINER_USER_PASSWORD") {
        return Ok(Password::new(password));
    }
    let mut input = std::io::stdin();
    let mut password = String::new();
    if input.is_terminal() {
        write!(std::io::stderr(), "Password (it will be shown): ")?;
        input.read_line(&mut password).context("no password on standard input")?;
    } else {
        input.read_to_string(&mut password).context("no password on standard input")?;
    }
    Ok(Password::new(password.trim_end_matches(['\r', '\n']).to_owned()))
}
