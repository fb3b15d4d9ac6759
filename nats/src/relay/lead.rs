use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{Context, ContextBuilder};
use async_nats::{Client, Subscriber};
use event_store::Leadership;
use futures::StreamExt;
use metrics::counter;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::RelayError;
use super::jetstream::JetStream;
use super::publisher::Publisher;
use super::standing::Standing;
use super::surroundings::{Alarm, Woken};
use crate::HINT;
use crate::stream::{StreamSettings, ensure_stream};

/// How often the relay looks without being told to.
const POLL: Duration = Duration::from_millis(500);

/// How long it waits for the server's word on a message.
const ACK_TIMEOUT: Duration = Duration::from_secs(3);

/// Publishes every event, in order, exactly once: one leader among all processes.
///
/// It keeps no checkpoint: the stream's last message says where to go on. Each message names the
/// sequence and, unless the server was just restarted and knows none, the message it must follow, so a second leader, or a late message of the first, is
/// refused by the server (errors 10071 and 10070) and whoever gets that error looks at the stream again.
pub struct Relay {
    pool: PgPool,
    client: Client,
    jetstream: Context,
    settings: StreamSettings,
    /// The last position appended in this process, when it appends.
    appended: Option<watch::Receiver<i64>>,
    standing: Standing,
}

impl Relay {
    /// A relay from this database to this server.
    #[must_use]
    pub fn new(
        pool: PgPool,
        client: Client,
        settings: StreamSettings,
        appended: Option<watch::Receiver<i64>>,
    ) -> Self {
        let jetstream = ContextBuilder::new().ack_timeout(ACK_TIMEOUT).build(client.clone());
        Self { pool, client, jetstream, settings, appended, standing: Standing::new() }
    }

    /// Whether events can be published: false while there is a connection to the server, and publishing fails again and
    /// again all the same. A relay that waits for its turn says true.
    pub fn publishes(&self) -> watch::Receiver<bool> {
        self.standing.publishes()
    }

    /// Publishes until told to stop. Errors are logged and tried again.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let stopped = shutdown.clone();
            let led = tokio::select! {
                () = stopped.cancelled() => return,
                led = self.lead() => led,
            };
            if let Err(error) = led {
                counter!("trainer_relay_interruptions_total").increment(1);
                tracing::warn!(%error, "relay interrupted, looking at the stream again");
                let is_connected = self.client.connection_state() == State::Connected;
                let pause = self.standing.has_failed(is_connected);
                shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
        }
    }

    async fn lead(&mut self) -> Result<(), RelayError> {
        let leadership = Leadership::wait_for("relay", &self.pool.connect_options()).await?;
        let failed = |error: String| RelayError::Stream(error);
        let stream = ensure_stream(&self.jetstream, &self.settings)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let hints = self.client.subscribe(HINT).await.map_err(|error| failed(error.to_string()))?;
        let (appended, standing) = (&mut self.appended, &mut self.standing);
        let mut signs = Signs { appended, standing, hints, leadership };
        let stream =
            JetStream { client: self.client.clone(), context: self.jetstream.clone(), stream };
        let mut publisher = Publisher::begin(&self.pool, &stream, self.settings.retention).await?;
        Err(publisher.run(&mut signs).await)
    }
}

/// What tells that something was appended: this process, or another over NATS.
struct Signs<'a> {
    appended: &'a mut Option<watch::Receiver<i64>>,
    standing: &'a mut Standing,
    hints: Subscriber,
    leadership: Leadership,
}

impl Alarm for Signs<'_> {
    async fn wait(&mut self, position: i64) -> Result<Woken, RelayError> {
        self.standing.has_caught_up();
        tokio::select! {
            () = changed(self.appended, position) => return Ok(Woken::BySomebody),
            _hint = self.hints.next() => return Ok(Woken::BySomebody),
            () = tokio::time::sleep(POLL) => {}
        }
        self.leadership.check().await?;
        Ok(Woken::ByTime)
    }
}

/// Waits until something behind `position` was appended in this process.
async fn changed(appended: &mut Option<watch::Receiver<i64>>, position: i64) {
    if let Some(appended) = appended
        && appended.wait_for(|last| *last > position).await.is_ok()
    {
        return;
    }
    // Nothing is appended here, or nothing any more.
    std::future::pending().await
}
