use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::consumer::{DeliverPolicy, push};
use async_nats::jetstream::{self, Context};
use event_store::{RecordedEvent, read_after};
use futures::{FutureExt, StreamExt};
use metrics::counter;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::message::read_message;
use crate::stream::{STREAM, SUBJECTS};

/// How many events one read takes from Postgres.
const BATCH: i64 = 2_000;

/// How many messages are taken together.
const MESSAGES: usize = 1_000;

/// How long an event that is known to exist may take over NATS before it is read from Postgres.
const GRACE: Duration = Duration::from_millis(25);

/// How often Postgres is asked while NATS says nothing.
const IDLE_POLL: Duration = Duration::from_millis(500);

/// How often Postgres is asked while NATS is away.
const OFFLINE_POLL: Duration = Duration::from_millis(50);

/// How long to wait before asking JetStream for a consumer again.
const CONSUMER_RETRY: Duration = Duration::from_secs(1);

/// All events in order, each once, from a position on: catches up from Postgres, then follows the
/// stream, and goes back to Postgres whenever the stream has a hole, is late, or is away.
///
/// Positions are dense, so a message that does not carry the next one shows a hole at once.
pub struct Subscription {
    pool: PgPool,
    client: Client,
    jetstream: Context,
    position: i64,
    /// Whether the last read of Postgres may not have been the last there is.
    behind: bool,
    live: Option<push::Ordered>,
    /// Which connection of the client `live` was opened on.
    connects: u64,
    retry_consumer_at: Instant,
    /// The last position appended in this process, when it appends.
    appended: Option<watch::Receiver<i64>>,
}

/// Events cannot be read at the moment.
#[derive(Debug, thiserror::Error)]
#[error("reading events failed: {0}")]
pub struct SubscriptionError(#[from] pub sqlx::Error);

impl Subscription {
    /// Everything behind `position`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        client: Client,
        position: i64,
        appended: Option<watch::Receiver<i64>>,
    ) -> Self {
        let jetstream = jetstream::new(client.clone());
        let retry_consumer_at = Instant::now();
        Self {
            pool,
            client,
            jetstream,
            position,
            behind: true,
            live: None,
            connects: 0,
            retry_consumer_at,
            appended,
        }
    }

    /// The position of the last event given out.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Goes on behind another position, after someone else has moved the checkpoint.
    pub fn seek(&mut self, position: i64) {
        self.position = position;
        self.behind = true;
        self.live = None;
    }

    /// The next events; none when nothing came for a while.
    ///
    /// # Errors
    /// When Postgres fails; ask again.
    pub async fn next_batch(&mut self) -> Result<Vec<RecordedEvent>, SubscriptionError> {
        if self.behind {
            // Far behind, the stream is of no use yet.
            let events = self.read_postgres().await?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
        if self.live.is_none() {
            // The consumer first: what is appended while Postgres is read waits in it.
            self.follow().await;
            let events = self.read_postgres().await?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
        match self.wait().await {
            Woken::Messages(messages) => self.accept(messages).await,
            Woken::Late => {
                let events = self.read_postgres().await?;
                if !events.is_empty() {
                    counter!("trainer_subscription_fallbacks_total").increment(1);
                }
                Ok(events)
            }
        }
    }

    /// Opens a consumer of what comes from now on, unless JetStream is away.
    async fn follow(&mut self) {
        if self.client.connection_state() != State::Connected
            || Instant::now() < self.retry_consumer_at
        {
            return;
        }
        self.retry_consumer_at = Instant::now() + CONSUMER_RETRY;
        self.connects = self.connects_now();
        let config = push::OrderedConfig {
            deliver_subject: self.client.new_inbox(),
            filter_subject: SUBJECTS.to_owned(),
            deliver_policy: DeliverPolicy::New,
            ..push::OrderedConfig::default()
        };
        let opened = async {
            let stream = self
                .jetstream
                .get_stream_no_info(STREAM)
                .await
                .map_err(|error| error.to_string())?;
            let consumer =
                stream.create_consumer(config).await.map_err(|error| error.to_string())?;
            consumer.messages().await.map_err(|error| error.to_string())
        };
        match tokio::time::timeout(CONSUMER_RETRY, opened).await {
            Ok(Ok(messages)) => self.live = Some(messages),
            Ok(Err(error)) => tracing::debug!(%error, "no consumer yet, reading from Postgres"),
            Err(_elapsed) => tracing::debug!("no consumer in time, reading from Postgres"),
        }
    }

    fn connects_now(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    async fn read_postgres(&mut self) -> Result<Vec<RecordedEvent>, SubscriptionError> {
        let events = read_after(&self.pool, self.position, BATCH).await?;
        self.behind = events.len() as i64 == BATCH;
        self.position = events.last().map_or(self.position, |event| event.position);
        Ok(events)
    }

    /// Waits for messages, or for a sign that Postgres should be asked.
    async fn wait(&mut self) -> Woken {
        let connected = self.client.connection_state() == State::Connected;
        if self.connects != self.connects_now() {
            // After a reconnect a consumer goes on where the old stream was, which may be another one now,
            // or begins with the whole stream again.
            self.live = None;
        }
        let patience = if connected && self.live.is_some() { IDLE_POLL } else { OFFLINE_POLL };
        let overdue = overdue(&mut self.appended, self.position, connected);
        let Some(live) = self.live.as_mut().filter(|_| connected) else {
            tokio::select! {
                () = overdue => {}
                () = tokio::time::sleep(patience) => {}
            }
            // Whatever the consumer still holds is older than what is read now.
            self.live = None;
            return Woken::Late;
        };
        let first = tokio::select! {
            biased;
            first = live.next() => first,
            () = overdue => return Woken::Late,
            () = tokio::time::sleep(patience) => return Woken::Late,
        };
        let mut events = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Some(Ok(message)) => {
                    let headers = message.headers.as_ref();
                    match headers.map(|headers| read_message(headers, message.payload.clone())) {
                        Some(Ok(event)) => events.push(event),
                        Some(Err(error)) => {
                            tracing::warn!(%error, "message on our subjects is not an event")
                        }
                        None => tracing::warn!("message on our subjects has no headers"),
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "consumer lost, reading from Postgres");
                    self.live = None;
                    break;
                }
                None => {
                    self.live = None;
                    break;
                }
            }
            next = if events.len() < MESSAGES { live.next().now_or_never() } else { None };
        }
        if events.is_empty() { Woken::Late } else { Woken::Messages(events) }
    }

    /// Takes the messages that come next; from the first hole on, Postgres fills in.
    async fn accept(
        &mut self,
        messages: Vec<RecordedEvent>,
    ) -> Result<Vec<RecordedEvent>, SubscriptionError> {
        let start = self.position;
        let mut accepted = Vec::with_capacity(messages.len());
        for event in messages {
            if event.position > self.position + 1 {
                counter!("trainer_subscription_holes_total").increment(1);
                if let Err(error) = self.fill(event.position, &mut accepted).await {
                    // What was accepted is not given out: go back to where the caller stands.
                    self.seek(start);
                    return Err(error);
                }
            }
            if event.position > self.position {
                self.position = event.position;
                accepted.push(event);
            }
        }
        Ok(accepted)
    }

    /// Reads what lies before `up_to`. What was erased is in neither place, and is no hole.
    async fn fill(
        &mut self,
        up_to: i64,
        accepted: &mut Vec<RecordedEvent>,
    ) -> Result<(), SubscriptionError> {
        while self.position < up_to - 1 {
            let events = self.read_postgres().await?;
            if events.is_empty() {
                break;
            }
            accepted.extend(events);
        }
        Ok(())
    }
}

enum Woken {
    /// Messages came.
    Messages(Vec<RecordedEvent>),
    /// Something may be in Postgres that NATS did not bring.
    Late,
}

/// Waits until an event that this process appended should have come over NATS but did not.
async fn overdue(appended: &mut Option<watch::Receiver<i64>>, position: i64, connected: bool) {
    if let Some(appended) = appended
        && appended.wait_for(|last| *last > position).await.is_ok()
    {
        if connected {
            tokio::time::sleep(GRACE).await;
        }
        return;
    }
    std::future::pending().await
}
