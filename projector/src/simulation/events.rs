//! The ways that events come: the log, and what JetStream delivers of it.

use std::time::Duration;

use domain::Part;
use event_store::RecordedEvent;
use nats::{EventLog, Feed, News};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::link::{Heard, Link};
use crate::ProjectorError;

/// How often the log is asked while no messages come.
const OFFLINE_POLL: Duration = Duration::from_millis(50);

impl EventLog for Link {
    async fn read_after(&self, position: i64, limit: i64) -> sqlx::Result<Vec<RecordedEvent>> {
        let limit = usize::try_from(limit).unwrap_or_default();
        let read = self.ask(move |rows| Ok(rows.read(position, i64::MAX, limit))).await;
        read.map_err(|error| match error {
            ProjectorError::Database(error) => error,
            _other => unreachable!("reading only fails with the database"),
        })
    }

    async fn has_or_erased(&self, _position: i64, _event_id: Uuid) -> sqlx::Result<bool> {
        unreachable!("only a relay asks this")
    }

    async fn last_position_older_than(&self, _age: Duration) -> sqlx::Result<i64> {
        unreachable!("only a relay asks this")
    }

    async fn last_positions(&self, _parts: &[Part], _up_to: i64) -> sqlx::Result<Vec<(Part, i64)>> {
        unreachable!("only a relay asks this")
    }
}

/// A process's end of what JetStream delivers to it.
pub(super) struct LinkFeed {
    link: Link,
    open: bool,
}

impl LinkFeed {
    pub(super) fn new(link: Link) -> Self {
        Self { link, open: false }
    }
}

impl Feed for LinkFeed {
    fn is_open(&self) -> bool {
        self.open
    }

    async fn open(&mut self) {
        self.open = self.link.open().await;
    }

    fn close(&mut self) {
        self.open = false;
        self.link.close();
    }

    async fn next(&mut self, _position: i64) -> News {
        if !self.open {
            self.link.pause(OFFLINE_POLL).await;
            return News::Late;
        }
        let (messages, open) = self.link.listen().await;
        self.open = open;
        if messages.is_empty() { News::Late } else { News::Messages(messages) }
    }
}

/// JetStream's end: what is on its way to a process.
#[derive(Default)]
pub(super) struct Mailbox {
    /// The consumer on the server, by number.
    pub(super) consumer: Option<u64>,
    /// How many there were, in all lives of the process.
    consumers: u64,
    /// What has come and was not taken.
    messages: Vec<RecordedEvent>,
    listening: Option<oneshot::Sender<Heard>>,
    /// How often the process has waited.
    pub(super) waits: u64,
}

impl Mailbox {
    pub(super) fn open(&mut self) {
        self.consumers += 1;
        self.consumer = Some(self.consumers);
        self.messages.clear();
    }

    pub(super) fn close(&mut self) {
        self.consumer = None;
        self.messages.clear();
    }

    /// The server loses the consumer, and its process hears of it.
    pub(super) fn lose(&mut self) {
        self.close();
        self.answer(true);
    }

    /// A message has come over a consumer; whether the process hears of it at once.
    pub(super) fn deliver(&mut self, consumer: u64, event: RecordedEvent) -> bool {
        if self.consumer != Some(consumer) {
            return false;
        }
        self.messages.push(event);
        self.answer(false)
    }

    /// The process waits for messages; whether it hears of some at once.
    pub(super) fn listen(&mut self, reply: oneshot::Sender<Heard>) -> bool {
        self.waits += 1;
        self.listening = Some(reply);
        self.answer(self.consumer.is_none())
    }

    /// Tells the process what has come, if it waits; nothing only when it has waited long enough.
    pub(super) fn answer(&mut self, long_enough: bool) -> bool {
        let reply = self.listening.take_if(|_| long_enough || !self.messages.is_empty());
        let Some(reply) = reply else { return false };
        let messages = std::mem::take(&mut self.messages);
        let _dead = reply.send((messages, self.consumer.is_some()));
        true
    }
}
