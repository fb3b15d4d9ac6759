use std::sync::{Arc, OnceLock};

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr, ServerError};

/// A NATS server cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to NATS: {0}")]
pub struct ConnectError(#[from] async_nats::ConnectError);

/// What the server refuses to take on a connection. It drops such messages, and says so on the side.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<OnceLock<String>>);

impl Refusals {
    /// What it said of the first one.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    fn note(&self, event: &Event) {
        if let Event::ServerError(ServerError::Other(said)) = event
            && said.to_ascii_lowercase().contains("permissions violation for publish")
        {
            // The first one is enough.
            let _another = self.0.set(said.clone());
        }
    }
}

/// Connects to NATS, and keeps trying in the background: the program works without it, only slower.
///
/// # Errors
/// When the address makes no sense.
pub async fn connect(url: &str, name: &str) -> Result<Client, ConnectError> {
    connect_noting(url, name, Refusals::default()).await
}

/// [`connect`], and takes note of what the server refuses to take.
///
/// # Errors
/// When the address makes no sense.
pub async fn connect_noting(
    url: &str,
    name: &str,
    refusals: Refusals,
) -> Result<Client, ConnectError> {
    let address: ServerAddr = url.parse().map_err(|error: std::io::Error| {
        async_nats::ConnectError::with_source(ConnectErrorKind::ServerParse, error)
    })?;
    let client = identified_by(&address)
        .name(name)
        .retry_on_initial_connect()
        .max_reconnects(None)
        .reconnect_delay_callback(|attempts| {
            std::time::Duration::from_millis((attempts as u64 * 50).min(1_000))
        })
        .event_callback(move |event| {
            refusals.note(&event);
            async move { tracing::info!(%event, "nats connection") }
        })
        .connect(address)
        .await?;
    Ok(client)
}

/// Says who connects: the client does not take that out of the address by itself.
fn identified_by(address: &ServerAddr) -> ConnectOptions {
    match (address.username(), address.password()) {
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
                .custom_inbox_prefix(inbox_of(user))
        }
        (Some(token), None) => ConnectOptions::with_token(token.to_owned()),
        (None, _) => ConnectOptions::new(),
    }
}

/// Where a user gets answers: below a prefix of its own, as `nats/server.conf` lets it listen there alone.
fn inbox_of(user: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if user.chars().all(is_token) { format!("_INBOX.{user}") } else { "_INBOX".to_owned() }
}
