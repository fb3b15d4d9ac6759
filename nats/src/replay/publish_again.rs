use std::collections::HashMap;
use std::ops::AddAssign;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{Context, ContextBuilder, context};
use async_nats::{Client, Subscriber};
use domain::{OwnerId, Part};
use event_store::{RecordedEvent, last_positions};
use futures::StreamExt;
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use super::ReplaySubject;
use crate::connect::Refusals;
use crate::message::headers;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take until what the server has said is noted.
const SAID_ON_THE_SIDE: Duration = Duration::from_millis(200);

/// Publishes events again, as the relay does, but on another subject.
///
/// Where a stream has the subject, it must take every event; elsewhere all that is known is that the server has got
/// them, whoever listens.
pub struct Replay {
    client: Client,
    /// What the server has refused to take from the client.
    refusals: Refusals,
    jetstream: Context,
    subject: ReplaySubject,
    stream: Option<String>,
    owner: Option<OwnerId>,
    /// The last position of each part.
    parts: HashMap<Part, i64>,
    /// What is published to this connection's own inbox comes back behind everything published before.
    echo: (String, Subscriber),
}

/// How many events were published again.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Republished {
    /// All of them.
    pub events: u64,
    /// Those among them that the stream has dropped: it had got them before, within its duplicate window.
    pub duplicates: u64,
}

impl AddAssign for Republished {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.duplicates += more.duplicates;
    }
}

/// Why events were not published again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Postgres failed.
    #[error("reading events failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The server does not answer.
    #[error("NATS does not answer")]
    NoAnswer,
    /// The server was away for a moment, and some messages may be lost.
    #[error("the connection to NATS was lost")]
    Disconnected,
    /// The server did not do something.
    #[error("NATS failed: {0}")]
    Nats(String),
    /// The user may not publish there.
    #[error("the server does not take messages from this user: {0}")]
    Forbidden(String),
    /// The stream that has the subject did not take a message.
    #[error("the stream did not take a message: {0}")]
    NotTaken(#[from] context::PublishError),
}

impl Replay {
    /// Gets ready for the events behind a position; those of one owner, or of all.
    ///
    /// # Errors
    /// When the database fails, or the server does not answer.
    pub async fn begin(
        pool: &PgPool,
        client: Client,
        refusals: Refusals,
        subject: ReplaySubject,
        after: i64,
        owner: Option<OwnerId>,
    ) -> Result<Self, ReplayError> {
        let jetstream = ContextBuilder::new().ack_timeout(PATIENCE).build(client.clone());
        let inbox = client.new_inbox();
        let inboxed = client.subscribe(inbox.clone()).await.map_err(failed)?;
        let parts: Vec<Part> = Part::all().collect();
        let parts = last_positions(pool, &parts, after).await?.into_iter().collect();
        let echo = (inbox, inboxed);
        let mut replay =
            Self { client, refusals, jetstream, subject, stream: None, owner, parts, echo };
        replay.all_have_arrived().await?;
        replay.stream = replay.stream_of_the_subject().await?;
        Ok(replay)
    }

    /// The stream that has the subject, if one has.
    #[must_use]
    pub fn stream(&self) -> Option<&str> {
        self.stream.as_deref()
    }

    async fn stream_of_the_subject(&self) -> Result<Option<String>, ReplayError> {
        let found = self.jetstream.stream_by_subject(self.subject.as_str());
        match timeout(PATIENCE, found).await.map_err(|_elapsed| ReplayError::NoAnswer)? {
            Ok(name) => Ok(Some(name)),
            Err(error) if matches!(error.kind(), context::GetStreamByNameErrorKind::NotFound) => {
                Ok(None)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Publishes the next events, in order; how many of them. All of them have arrived then, or had before.
    ///
    /// Events of other owners than the chosen one are passed over, but stay what came before in their part.
    ///
    /// # Errors
    /// When the server, or the stream that has the subject, did not take one of them; others may have arrived.
    pub async fn publish(&mut self, events: &[RecordedEvent]) -> Result<Republished, ReplayError> {
        let connects = self.connects();
        let mut acks = Vec::new();
        let mut published = Republished::default();
        for event in events {
            let previous = self.parts.insert(event.part, event.position).unwrap_or(0);
            if self.owner.is_some_and(|owner| owner != event.owner_id) {
                continue;
            }
            let (subject, payload) = (self.subject.as_str().to_owned(), event.payload.clone());
            let headers = headers(event, previous);
            if self.stream.is_some() {
                let message = PublishMessage::build().headers(headers).payload(payload);
                acks.push(self.jetstream.send_publish(subject, message).await?);
            } else {
                let sent = self.client.publish_with_headers(subject, headers, payload).await;
                sent.map_err(failed)?;
            }
            published.events += 1;
        }
        for ack in acks {
            published.duplicates += u64::from(ack.await?.duplicate);
        }
        if self.stream.is_none() && published.events > 0 {
            self.all_have_arrived().await?;
            if self.connects() != connects {
                return Err(ReplayError::Disconnected);
            }
        }
        Ok(published)
    }

    /// Waits for the server's word that it has got what was published so far.
    async fn all_have_arrived(&mut self) -> Result<(), ReplayError> {
        let (inbox, inboxed) = &mut self.echo;
        let sent = self.client.publish(inbox.clone(), "".into()).await;
        sent.map_err(failed)?;
        let echo = timeout(PATIENCE, inboxed.next()).await;
        self.is_allowed()?;
        match echo {
            Ok(Some(_echo)) => Ok(()),
            Ok(None) | Err(_) => Err(ReplayError::NoAnswer),
        }
    }

    /// Waits until all that the server has said about what it did not take is known here.
    ///
    /// # Errors
    /// When it has refused something.
    pub async fn end(self) -> Result<(), ReplayError> {
        // That comes before the last echo, and is noted by a task of its own.
        sleep(SAID_ON_THE_SIDE).await;
        self.is_allowed()
    }

    fn is_allowed(&self) -> Result<(), ReplayError> {
        let refused = self.refusals.first();
        refused.map_or(Ok(()), |said| Err(ReplayError::Forbidden(said.to_owned())))
    }

    fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }
}

fn failed(error: impl std::error::Error) -> ReplayError {
    ReplayError::Nats(error.to_string())
}
