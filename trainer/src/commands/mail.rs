use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use mail::{MailId, Waiting, retry, retry_all, unsent};
use uuid::Uuid;

use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Options of `mail`.
#[derive(Debug, Args)]
pub(crate) struct MailArgs {
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// Shows the mails that wait or were given up, and why.
    List,
    /// Tries a mail again that was given up.
    Retry {
        /// Which one.
        #[arg(required_unless_present = "all")]
        mail: Option<Uuid>,
        /// All that were given up.
        #[arg(long, conflicts_with = "mail")]
        all: bool,
    },
}

/// Shows mails that are not sent, and tries them again.
///
/// # Errors
/// When the servers fail, or there is no such mail.
#[expect(clippy::print_stdout, reason = "what was found is the command's answer")]
pub(crate) async fn mail(args: MailArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let said = Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        let pool = &infrastructure.pool;
        match args.command {
            MailCommand::List => Ok(shown(&unsent(pool).await?)),
            MailCommand::Retry { all: true, .. } => {
                Ok(format!("{} mails are tried again", retry_all(pool).await?))
            }
            MailCommand::Retry { mail, all: false } => {
                let mail = mail.context("say which mail, or --all")?;
                if !retry(pool, MailId(mail)).await? {
                    bail!("no mail {mail} was given up; see `trainer mail list`");
                }
                Ok(format!("mail {mail} is tried again"))
            }
        }
    })
    .await?;
    println!("{said}");
    Ok(())
}

fn shown(mails: &[Waiting]) -> String {
    if mails.is_empty() {
        return "every mail is sent".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["mail", "what", "to", "since", "tried", "next", "why not"]);
    for mail in mails {
        let next = mail
            .due_at
            .map_or_else(|| "given up".to_owned(), |at| at.format("%H:%M:%S").to_string());
        table.add_row([
            mail.mail_id.to_string(),
            mail.kind.clone(),
            mail.recipient.clone(),
            mail.queued_at.format("%Y-%m-%d %H:%M UTC").to_string(),
            mail.attempts.to_string(),
            next,
            mail.reason.clone().unwrap_or_default(),
        ]);
    }
    table.to_string()
}
