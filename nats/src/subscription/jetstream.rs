use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{DeliverPolicy, push};
use async_nats::jetstream::context::ContextBuilder;
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::time::Instant;

use super::feed::{Feed, News};
use crate::message::read_message;
use crate::stream::{STREAM, SUBJECTS};

/// How many messages are taken together.
const MESSAGES: usize = 1_000;

/// How long an event that is known to exist may take over NATS before it is read from Postgres.
const GRACE: Duration = Duration::from_millis(25);

/// How often Postgres is asked while NATS says nothing.
const IDLE_POLL: Duration = Duration::from_millis(500);

/// How often Postgres is asked while NATS is away.
const OFFLINE_POLL: Duration = Duration::from_millis(50);

/// How long JetStream may take to give a consumer, and how long to wait before it is asked again.
const CONSUMER_RETRY: Duration = Duration::from_secs(1);

/// How long to wait at most before JetStream is asked again when it does not answer: events that come meanwhile wait
/// for each attempt.
const LONGEST_RETRY: Duration = Duration::from_secs(16);

/// The events as JetStream delivers them.
pub(super) struct JetStreamFeed {
    client: Client,
    jetstream: Context,
    live: Option<push::Ordered>,
    /// Which connection of the client `live` was opened on.
    connects: u64,
    retry_consumer_at: Instant,
    /// How long to wait when JetStream does not answer the next time either.
    retry_after: Duration,
    /// The last position appended in this process, when it appends.
    appended: Option<watch::Receiver<i64>>,
}

impl JetStreamFeed {
    pub(super) fn new(client: Client, appended: Option<watch::Receiver<i64>>) -> Self {
        Self {
            jetstream: ContextBuilder::new().timeout(CONSUMER_RETRY).build(client.clone()),
            client,
            live: None,
            connects: 0,
            retry_consumer_at: Instant::now(),
            retry_after: CONSUMER_RETRY,
            appended,
        }
    }

    fn connects_now(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }
}

impl Feed for JetStreamFeed {
    fn is_open(&self) -> bool {
        self.live.is_some()
    }

    /// Opens a consumer, unless JetStream is away.
    async fn open(&mut self) {
        if self.client.connection_state() != State::Connected {
            return;
        }
        let connects = self.connects_now();
        if connects != self.connects {
            // Another server, or the same one again.
            (self.connects, self.retry_after) = (connects, CONSUMER_RETRY);
        } else if Instant::now() < self.retry_consumer_at {
            return;
        }
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
        let opened = tokio::time::timeout(CONSUMER_RETRY, opened).await;
        let mut wait = CONSUMER_RETRY;
        match opened {
            Ok(Ok(messages)) => {
                (self.live, self.retry_after) = (Some(messages), CONSUMER_RETRY);
            }
            Ok(Err(error)) => tracing::debug!(%error, "no consumer yet, reading from Postgres"),
            Err(_elapsed) => {
                tracing::debug!("no consumer in time, reading from Postgres");
                wait = self.retry_after;
                self.retry_after = (wait * 2).min(LONGEST_RETRY);
            }
        }
        self.retry_consumer_at = Instant::now() + wait;
    }

    fn close(&mut self) {
        self.live = None;
    }

    async fn next(&mut self, position: i64) -> News {
        let connected = self.client.connection_state() == State::Connected;
        if self.connects != self.connects_now() {
            // After a reconnect a consumer goes on where the old stream was, which may be another one now,
            // or begins with the whole stream again.
            self.live = None;
        }
        let patience = if connected && self.live.is_some() { IDLE_POLL } else { OFFLINE_POLL };
        let overdue = overdue(&mut self.appended, position, connected && self.live.is_some());
        let Some(live) = self.live.as_mut().filter(|_| connected) else {
            tokio::select! {
                () = overdue => {}
                () = tokio::time::sleep(patience) => {}
            }
            // Whatever the consumer still holds is older than what is read now.
            self.live = None;
            return News::Late;
        };
        let first = tokio::select! {
            biased;
            first = live.next() => first,
            () = overdue => return News::Late,
            () = tokio::time::sleep(patience) => return News::Late,
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
        if events.is_empty() { News::Late } else { News::Messages(events) }
    }
}

/// Waits until an event that this process appended should have come over NATS but did not.
async fn overdue(appended: &mut Option<watch::Receiver<i64>>, position: i64, followed: bool) {
    if let Some(appended) = appended
        && appended.wait_for(|last| *last > position).await.is_ok()
    {
        if followed {
            tokio::time::sleep(GRACE).await;
        }
        return;
    }
    std::future::pending().await
}
