use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::{Security, SmtpServer};

/// How long a connection may take to stand, and a server to take a mail. Together they are far shorter than a lease.
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);
const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// A conversation with a server, ready for a mail.
pub(crate) struct Connection(AsyncSmtpConnection);

/// Why a server did not take a mail.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It never will.
    ForGood(String),
    /// It may later, or did and could not say so.
    ForNow(String),
}

impl Connection {
    /// Connects, encrypts and signs in. What goes wrong here has nothing to do with any mail.
    pub(crate) async fn open(server: &SmtpServer) -> Result<Self, String> {
        match tokio::time::timeout(CONNECTED_WITHIN, connect(server)).await {
            Ok(Ok(connection)) => Ok(Self(connection)),
            Ok(Err(why)) => Err(why),
            Err(_elapsed) => Err(format!("not connected within {} s", CONNECTED_WITHIN.as_secs())),
        }
    }

    /// Hands a mail over.
    pub(crate) async fn send(
        &mut self,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<(), Refusal> {
        match tokio::time::timeout(TAKEN_WITHIN, self.0.send(envelope, message)).await {
            Ok(Ok(_response)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(Refusal::ForGood(error.to_string())),
            Ok(Err(error)) => Err(Refusal::ForNow(error.to_string())),
            Err(_elapsed) => {
                Err(Refusal::ForNow(format!("not taken within {} s", TAKEN_WITHIN.as_secs())))
            }
        }
    }

    /// Whether the server still listens.
    pub(crate) async fn is_alive(&mut self) -> bool {
        if self.0.has_broken() {
            return false;
        }
        let asked = tokio::time::timeout(CONNECTED_WITHIN, self.0.test_connected());
        asked.await.unwrap_or(false)
    }

    /// Takes leave.
    pub(crate) async fn close(mut self) {
        let _left = tokio::time::timeout(Duration::from_secs(1), self.0.abort()).await;
    }
}

async fn connect(server: &SmtpServer) -> Result<AsyncSmtpConnection, String> {
    let SmtpServer { host, port, security, authorities, .. } = server;
    let said = |error: Error| error.to_string();
    let name = ClientId::default();
    let tls = || {
        let parameters = TlsParameters::builder(host.clone());
        let parameters = match authorities {
            Some(authorities) => parameters.add_root_certificate(authorities.clone()),
            None => parameters,
        };
        parameters.build().map_err(said)
    };
    let from_the_start = match security {
        Security::Tls => Some(tls()?),
        Security::StartTls | Security::Opportunistic | Security::None => None,
    };
    let (address, within) = ((host.as_str(), *port), Some(CONNECTED_WITHIN));
    let connecting =
        AsyncSmtpConnection::connect_tokio1(address, within, &name, from_the_start, None);
    let mut connection = connecting.await.map_err(said)?;
    let upgrades = match security {
        Security::StartTls => true,
        Security::Opportunistic => connection.can_starttls(),
        Security::Tls | Security::None => false,
    };
    if upgrades {
        connection.starttls(tls()?, &name).await.map_err(said)?;
    }
    if let Some(credentials) = server.credentials() {
        if *security == Security::Opportunistic && !connection.is_encrypted() {
            return Err("the server has no TLS, and gets no password without".to_owned());
        }
        connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(said)?;
    }
    Ok(connection)
}
