//! Everything the environment says, read once.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use auth::MasterKey;
use clap::{Args, ValueEnum};
use gateway::{PerMinute, RateLimits};
use nats::StreamSettings;
use service::telemetry::LogFormat;

/// Where the data and the servers are. Without `DATABASE_URL` and `NATS_URL` the trainer starts its own.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Servers")]
pub(crate) struct ServerConfig {
    /// A Postgres to use instead of a private one.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub(crate) database_url: Option<String>,
    /// A NATS with JetStream to use instead of a private one.
    #[arg(long, env = "NATS_URL", hide_env_values = true, global = true)]
    pub(crate) nats_url: Option<String>,
    /// Where the private servers and the keys are kept.
    #[arg(long, env = "TRAINER_DATA_DIR", default_value = ".trainer", global = true)]
    pub(crate) data_dir: PathBuf,
    /// The private Postgres's port; a free one when not given.
    #[arg(long, env = "TRAINER_PG_PORT", global = true)]
    pub(crate) pg_port: Option<u16>,
    /// The private nats-server's port; a free one when not given.
    #[arg(long, env = "TRAINER_NATS_PORT", global = true)]
    pub(crate) nats_port: Option<u16>,
    /// The folder with Postgres's programs; searched for when not given.
    #[arg(long, env = "TRAINER_PG_BIN", global = true)]
    pub(crate) pg_bin_dir: Option<PathBuf>,
    /// The nats-server program; searched for when not given.
    #[arg(long, env = "TRAINER_NATS_SERVER", global = true)]
    pub(crate) nats_server: Option<PathBuf>,
    /// How many connections each process keeps to Postgres for queries.
    #[arg(long, env = "TRAINER_DB_CONNECTIONS", default_value_t = 20, global = true)]
    pub(crate) db_connections: u32,
    /// How many days events stay on NATS for subscribers. Postgres keeps them for ever.
    #[arg(long, env = "TRAINER_NATS_RETENTION_DAYS", default_value_t = 14, global = true)]
    pub(crate) nats_retention_days: u64,
    /// On how many servers of a NATS cluster the stream is kept.
    #[arg(long, env = "TRAINER_NATS_REPLICAS", default_value_t = 1, global = true)]
    pub(crate) nats_replicas: usize,
    /// The key that signing keys are encrypted with, 32 bytes in base64; a file in the data folder when not given.
    #[arg(long, env = "TRAINER_MASTER_KEY", hide_env_values = true, global = true)]
    pub(crate) master_key: Option<String>,
}

impl ServerConfig {
    /// How the stream is kept.
    pub(crate) fn stream(&self) -> StreamSettings {
        let retention = Duration::from_secs(self.nats_retention_days * 24 * 3600);
        StreamSettings { retention, replicas: self.nats_replicas }
    }

    /// The key that signing keys are encrypted with.
    ///
    /// # Errors
    /// When it is not a key, or its file cannot be read or made.
    pub(crate) fn master_key(&self) -> anyhow::Result<MasterKey> {
        match &self.master_key {
            Some(text) => Ok(MasterKey::parse(text)?),
            None => key_file(&self.data_dir),
        }
    }
}

fn key_file(data_dir: &Path) -> anyhow::Result<MasterKey> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("{} cannot be made", data_dir.display()))?;
    Ok(MasterKey::read_or_create(&data_dir.join("master.key"))?)
}

/// How clients reach the program and how much each may ask.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct HttpConfig {
    /// The address to listen on; 0.0.0.0 for every one of the machine.
    #[arg(long, env = "TRAINER_BIND", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// The port; 8000 for everything, 8001 to 8007 for single roles.
    #[arg(long, env = "TRAINER_PORT")]
    pub(crate) port: Option<u16>,
    /// Whether clients are limited.
    #[arg(long, env = "TRAINER_RATE_LIMITS", value_enum, default_value_t = Switch::On)]
    pub(crate) rate_limits: Switch,
    /// Reads a minute for each user.
    #[arg(long, env = "TRAINER_READS_PER_MINUTE", default_value = "100")]
    pub(crate) reads_per_minute: NonZeroU32,
    /// Writes a minute for each user.
    #[arg(long, env = "TRAINER_WRITES_PER_MINUTE", default_value = "30")]
    pub(crate) writes_per_minute: NonZeroU32,
    /// Logins and registrations a minute for each address.
    #[arg(long, env = "TRAINER_LOGINS_PER_MINUTE", default_value = "10")]
    pub(crate) logins_per_minute: NonZeroU32,
}

impl HttpConfig {
    /// What the gateway makes of it.
    pub(crate) fn rate_limits(&self) -> RateLimits {
        match self.rate_limits {
            Switch::Off => RateLimits::Off,
            Switch::On => RateLimits::PerMinute(PerMinute {
                reads: self.reads_per_minute,
                writes: self.writes_per_minute,
                credentials: self.logins_per_minute,
            }),
        }
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// What the log looks like. `TRAINER_LOG` says what is logged, such as `info,command_api=debug`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub(crate) struct LogConfig {
    /// Lines for people, or one JSON object a line.
    #[arg(long, env = "TRAINER_LOG_FORMAT", value_enum, default_value_t = LogStyle::Text, global = true)]
    pub(crate) log_format: LogStyle,
}

/// What a log line looks like.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogStyle {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl From<LogStyle> for LogFormat {
    fn from(style: LogStyle) -> Self {
        match style {
            LogStyle::Text => Self::Text,
            LogStyle::Json => Self::Json,
        }
    }
}
