//! What the environment says about accounts and the mails about them.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use auth::{AuthSettings, LoginThrottle, MasterKey, Verification};
use clap::{Args, ValueEnum};
use mail::{Delivery, Pace, PublicUrl, Sender, SmtpServer, Worker};
use sqlx::PgPool;

/// Whom mails are from while they only become files.
const NOBODY: &str = "Running Trainer <trainer@localhost>";

/// Accounts, and mail about them. Without `TRAINER_SMTP_URL` mails become files.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts and mail")]
pub(crate) struct AccountConfig {
    /// Where people reach the program, such as https://trainer.example.org: links in mails begin with it, and providers send
    /// browsers back to it. http://localhost:8000 when not given.
    #[arg(long, env = "TRAINER_PUBLIC_URL", global = true)]
    pub(crate) public_url: Option<String>,
    /// Whether an e-mail address must be verified before its account can be used.
    #[arg(long, env = "TRAINER_EMAIL_VERIFICATION", value_enum, default_value_t = WhenVerified::Off, global = true)]
    pub(crate) email_verification: WhenVerified,
    /// The SMTP server: smtps://user:password@host:port, or smtp:// for STARTTLS.
    #[arg(long, env = "TRAINER_SMTP_URL", hide_env_values = true, global = true)]
    pub(crate) smtp_url: Option<String>,
    /// The password for the SMTP server, if it is not in the URL.
    #[arg(long, env = "TRAINER_SMTP_PASSWORD", hide_env_values = true, global = true)]
    pub(crate) smtp_password: Option<String>,
    /// A PEM file with the authority that has signed the SMTP server's certificate, if the system does not know it.
    #[arg(long, env = "TRAINER_SMTP_CA", global = true)]
    pub(crate) smtp_ca: Option<PathBuf>,
    /// Whom mails are from, such as "Running Trainer <trainer@example.org>".
    #[arg(long, env = "TRAINER_MAIL_FROM", global = true)]
    pub(crate) mail_from: Option<String>,
    /// Where mails become files when there is no SMTP server; mail in the data folder when not given.
    #[arg(long, env = "TRAINER_MAIL_DIR", global = true)]
    pub(crate) mail_dir: Option<PathBuf>,
}

/// Whether an e-mail address must be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenVerified {
    /// It must, before its account can be used.
    #[value(alias = "on")]
    Required,
    /// It need not.
    Off,
}

impl AccountConfig {
    /// Where people reach the program, if that is set.
    pub(crate) fn public_url(&self) -> Option<&str> {
        set(&self.public_url)
    }

    /// Where people reach the program, or would if it ran as it does by default.
    ///
    /// # Errors
    /// When it is no address.
    pub(crate) fn public_address(&self) -> anyhow::Result<PublicUrl> {
        match self.public_url() {
            Some(url) => url.parse().context("TRAINER_PUBLIC_URL"),
            None => Ok(PublicUrl::default()),
        }
    }

    /// What the auth routes work by.
    ///
    /// # Errors
    /// When the public address is none.
    pub(crate) fn auth_settings(
        &self,
        login_throttle: LoginThrottle,
    ) -> anyhow::Result<AuthSettings> {
        let verification = match self.email_verification {
            WhenVerified::Required => Verification::Required,
            WhenVerified::Off => Verification::Off,
        };
        Ok(AuthSettings { public_url: self.public_address()?, verification, login_throttle })
    }

    /// Whoever sends the mails that wait.
    ///
    /// # Errors
    /// When the SMTP server or the sender is none, or there is a server and no sender.
    pub(crate) fn mail_worker(
        &self,
        pool: &PgPool,
        master_key: &MasterKey,
        data_dir: &Path,
    ) -> anyhow::Result<Worker> {
        let (url, password) = (set(&self.smtp_url), set(&self.smtp_password));
        let delivery = match url {
            Some(url) => {
                let server = SmtpServer::parse(url, password.map(str::to_owned));
                Delivery::Smtp(self.trusting(server.context("TRAINER_SMTP_URL")?)?)
            }
            None => {
                ensure!(
                    password.is_none(),
                    "TRAINER_SMTP_PASSWORD is set but TRAINER_SMTP_URL is not"
                );
                Delivery::Folder(self.mail_dir.clone().unwrap_or_else(|| data_dir.join("mail")))
            }
        };
        let from: Sender = match (set(&self.mail_from), &delivery) {
            (Some(from), _) => from.parse().context("TRAINER_MAIL_FROM")?,
            (None, Delivery::Folder(_)) => NOBODY.parse()?,
            (None, Delivery::Smtp(_)) => anyhow::bail!(
                "TRAINER_SMTP_URL is set but TRAINER_MAIL_FROM is not: say whom mails are from"
            ),
        };
        let key = master_key.mail_key();
        Ok(Worker { pool: pool.clone(), key, from, delivery, pace: Pace::default() })
    }

    fn trusting(&self, server: SmtpServer) -> anyhow::Result<SmtpServer> {
        let Some(file) = self.smtp_ca.as_ref().filter(|file| !file.as_os_str().is_empty()) else {
            return Ok(server);
        };
        let about = || format!("TRAINER_SMTP_CA, {}", file.display());
        server.trusting(&std::fs::read(file).with_context(about)?).with_context(about)
    }
}

/// What is set. A variable that is there and empty is not, as compose files leave them.
fn set(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.trim().is_empty())
}
