//! Where the log goes and what it looks like.

use std::io::IsTerminal;

pub use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FromEnvError, ParseError};
use tracing_subscriber::util::TryInitError;

/// The variable that says what is logged, such as `info,command_api=debug`.
pub const FILTER_VARIABLE: &str = "TRAINER_LOG";

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `TRAINER_LOG` does not parse.
    #[error("{FILTER_VARIABLE} is no log filter: {0}")]
    Filter(#[from] FromEnvError),
    /// The built-in filter does not parse.
    #[error("the default log filter is wrong: {0}")]
    DefaultFilter(#[from] ParseError),
    /// Something else already logs.
    #[error("the log is already set up: {0}")]
    Init(#[from] TryInitError),
}

/// Logs to standard error what `TRAINER_LOG` says; without it, what is at least as grave as `otherwise`.
///
/// # Errors
/// When `TRAINER_LOG` does not parse, or something else already logs.
pub fn init(format: LogFormat, otherwise: LevelFilter) -> Result<(), TelemetryError> {
    use tracing_subscriber::util::SubscriberInitExt;

    let filter = EnvFilter::builder()
        .with_default_directive(otherwise.into())
        .with_env_var(FILTER_VARIABLE)
        .from_env()?
        // Its notices are about single statements; slow ones are seen in the figures.
        .add_directive("sqlx=warn".parse()?);
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            subscriber.with_ansi(std::io::stderr().is_terminal()).finish().try_init()?
        }
        LogFormat::Json => {
            subscriber.json().flatten_event(true).with_current_span(true).finish().try_init()?
        }
    }
    Ok(())
}
