//! Everything the environment says, read once.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use auth::{LoginThrottle, MasterKey};
use clap::{Args, ValueEnum};
use gateway::{
    AllowedOrigins, DoorSettings, Origin, PerMinute, RateLimits, UpstreamAddress, UpstreamSettings,
};
use nats::StreamSettings;
use service::telemetry::LogFormat;
use service::{AccessLog, AccessLogTarget, Network, ServeOptions, Tls, TrustedProxies};

use crate::account_config::AccountConfig;
use crate::print_config::PrintConfig;

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
    // NATS takes 0 for ever, and the relay for nothing.
    #[arg(
        long,
        env = "TRAINER_NATS_RETENTION_DAYS",
        default_value_t = 14,
        value_parser = clap::value_parser!(u64).range(1..=36_500),
        global = true
    )]
    pub(crate) nats_retention_days: u64,
    /// On how many servers of a NATS cluster the stream is kept.
    #[arg(long, env = "TRAINER_NATS_REPLICAS", default_value_t = 1, global = true)]
    pub(crate) nats_replicas: usize,
    /// The key that signing keys are encrypted with, 32 bytes in base64; a file in the data folder when not given.
    #[arg(long, env = "TRAINER_MASTER_KEY", hide_env_values = true, global = true)]
    pub(crate) master_key: Option<String>,
    #[command(flatten)]
    pub(crate) accounts: AccountConfig,
    #[command(flatten)]
    pub(crate) printing: PrintConfig,
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
    /// The port; 8000 for everything and for the gateway, 8001 to 8008 for single roles.
    #[arg(long, env = "TRAINER_PORT")]
    pub(crate) port: Option<u16>,
    /// A certificate in PEM, with those it is signed with behind it: TLS instead of plain HTTP. Read again when it changes.
    #[arg(long, env = "TRAINER_TLS_CERT", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM.
    #[arg(long, env = "TRAINER_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Networks whose X-Forwarded-For is believed, as 10.0.0.0/8,fd00::/8: those of your proxies, or of the gateway.
    #[arg(long, env = "TRAINER_TRUSTED_PROXIES", value_delimiter = ',')]
    pub(crate) trusted_proxies: Vec<Network>,
    /// Whose pages may ask from a browser, as https://app.example,http://localhost:5173; * for anybody's.
    #[arg(long, env = "TRAINER_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub(crate) allowed_origins: Vec<Origin>,
    /// Where a line of JSON is written for each request: off, stdout, or a file.
    #[arg(long, env = "TRAINER_ACCESS_LOG", default_value = "off")]
    pub(crate) access_log: AccessLogTarget,
    /// Whether clients are limited.
    #[arg(long, env = "TRAINER_RATE_LIMITS", value_enum, default_value_t = Switch::On)]
    pub(crate) rate_limits: Switch,
    /// Reads a minute for each user, and for each address without a user.
    #[arg(long, env = "TRAINER_READS_PER_MINUTE", default_value = "100")]
    pub(crate) reads_per_minute: NonZeroU32,
    /// Writes a minute for each user, and for each address without a user.
    #[arg(long, env = "TRAINER_WRITES_PER_MINUTE", default_value = "30")]
    pub(crate) writes_per_minute: NonZeroU32,
    /// Reads a minute with one API key, which count for its user, too; as many as for users when not given.
    #[arg(long, env = "TRAINER_KEY_READS_PER_MINUTE")]
    pub(crate) key_reads_per_minute: Option<NonZeroU32>,
    /// Writes a minute with one API key, which count for its user, too; as many as for users when not given.
    #[arg(long, env = "TRAINER_KEY_WRITES_PER_MINUTE")]
    pub(crate) key_writes_per_minute: Option<NonZeroU32>,
    /// Logins, registrations and the like a minute for each address.
    #[arg(long, env = "TRAINER_LOGINS_PER_MINUTE", default_value = "10")]
    pub(crate) logins_per_minute: NonZeroU32,
    /// Whether whoever tries too many passwords has to wait, wherever from; like the limits when not given.
    #[arg(long, env = "TRAINER_LOGIN_THROTTLE", value_enum)]
    pub(crate) login_throttle: Option<Switch>,
}

impl HttpConfig {
    /// What sign-in makes of it.
    pub(crate) fn login_throttle(&self) -> LoginThrottle {
        match self.login_throttle.unwrap_or(self.rate_limits) {
            Switch::On => LoginThrottle::On,
            Switch::Off => LoginThrottle::Off,
        }
    }

    /// Who may come in through the public door, and how often.
    ///
    /// # Errors
    /// When the access log cannot be opened.
    pub(crate) fn door(&self) -> anyhow::Result<DoorSettings> {
        let rate_limits = match self.rate_limits {
            Switch::Off => RateLimits::Off,
            Switch::On => RateLimits::PerMinute(PerMinute {
                reads: self.reads_per_minute,
                writes: self.writes_per_minute,
                key_reads: self.key_reads_per_minute.unwrap_or(self.reads_per_minute),
                key_writes: self.key_writes_per_minute.unwrap_or(self.writes_per_minute),
                credentials: self.logins_per_minute,
            }),
        };
        Ok(DoorSettings { rate_limits, ..self.side_door()? })
    }

    /// The same for the port of a single role, which is for the gateway and for development: there are no limits.
    ///
    /// # Errors
    /// When the access log cannot be opened.
    pub(crate) fn side_door(&self) -> anyhow::Result<DoorSettings> {
        let access_log = AccessLog::to(&self.access_log)
            .with_context(|| format!("the access log {} cannot be opened", self.access_log))?;
        Ok(DoorSettings {
            rate_limits: RateLimits::Off,
            limits_shared_in: None,
            trusted_proxies: TrustedProxies::new(self.trusted_proxies.iter().copied()),
            allowed_origins: AllowedOrigins::new(self.allowed_origins.iter().cloned()),
            access_log,
        })
    }

    /// What connections are accepted with.
    ///
    /// # Errors
    /// When the certificate cannot be used.
    pub(crate) fn serve_options(&self) -> anyhow::Result<ServeOptions> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::from_files(certificate, key)?),
            (None, _) | (_, None) => None,
        };
        Ok(ServeOptions { tls, ..ServeOptions::default() })
    }
}

/// Where the gateway finds the roles. Several of a role share the work.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Roles behind the gateway")]
pub(crate) struct UpstreamConfig {
    /// Where command-api listens, as http://10.0.0.7:8001,http://10.0.0.8:8001.
    #[arg(
        long,
        env = "TRAINER_COMMAND_API_URLS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8001"
    )]
    pub(crate) command_api_urls: Vec<UpstreamAddress>,
    /// Where query-api listens.
    #[arg(
        long,
        env = "TRAINER_QUERY_API_URLS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8005"
    )]
    pub(crate) query_api_urls: Vec<UpstreamAddress>,
    /// Where pdf listens.
    #[arg(
        long,
        env = "TRAINER_PDF_URLS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8002"
    )]
    pub(crate) pdf_urls: Vec<UpstreamAddress>,
    /// Where auth listens.
    #[arg(
        long,
        env = "TRAINER_AUTH_URLS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8004"
    )]
    pub(crate) auth_urls: Vec<UpstreamAddress>,
    /// Where projector listens, which answers what operators ask.
    #[arg(
        long,
        env = "TRAINER_PROJECTOR_URLS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8006"
    )]
    pub(crate) projector_urls: Vec<UpstreamAddress>,
    /// How many seconds a role may take until its answer begins.
    #[arg(long, env = "TRAINER_UPSTREAM_TIMEOUT_SECONDS", default_value = "30")]
    pub(crate) upstream_timeout_seconds: NonZeroU32,
}

impl UpstreamConfig {
    /// How long each of them is waited for.
    pub(crate) fn settings(&self) -> UpstreamSettings {
        let seconds = u64::from(self.upstream_timeout_seconds.get());
        UpstreamSettings { answers_within: Duration::from_secs(seconds) }
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
