//! What the followers have got, and what is on its way to them.

use event_store::RecordedEvent;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::link::Told;
use super::table::Table;

/// What the world knows of a follower.
#[derive(Default)]
pub(super) struct Following {
    /// Where it stands.
    pub(super) given: i64,
    /// Its consumer on the server, by number.
    pub(super) consumer: Option<u64>,
    /// How many consumers it has had.
    pub(super) consumers: u64,
    /// What has come and was not taken.
    inbox: Vec<RecordedEvent>,
    /// It waits for messages.
    listening: Option<oneshot::Sender<Told>>,
    /// How often it has waited.
    pub(super) waits: u64,
}

impl Following {
    /// It opens a consumer.
    pub(super) fn open(&mut self) {
        self.consumers += 1;
        self.consumer = Some(self.consumers);
        self.inbox.clear();
    }

    /// It has no consumer any more.
    pub(super) fn close(&mut self) {
        self.consumer = None;
        self.inbox.clear();
    }

    /// It is killed: what it has got is kept with its checkpoint, all else is gone.
    pub(super) fn restart(&mut self) {
        self.close();
        self.listening = None;
    }

    /// A message has come over a consumer.
    pub(super) fn deliver(&mut self, consumer: u64, event: RecordedEvent) {
        if self.consumer == Some(consumer) {
            self.inbox.push(event);
            self.answer(false);
        }
    }

    /// It waits for messages.
    pub(super) fn listen(&mut self, reply: oneshot::Sender<Told>) {
        self.waits += 1;
        self.listening = Some(reply);
        self.answer(self.consumer.is_none());
    }

    /// Tells it what has come; nothing only when it has waited long enough.
    pub(super) fn answer(&mut self, long_enough: bool) {
        if (long_enough || !self.inbox.is_empty())
            && let Some(reply) = self.listening.take()
        {
            let messages = std::mem::take(&mut self.inbox);
            let _dead = reply.send(Told::News(messages, self.consumer.is_some()));
        }
    }

    /// What it gives out must be what comes next in the table.
    pub(super) fn give(
        &mut self,
        events: &[(i64, Uuid)],
        position: i64,
        table: &Table,
    ) -> Result<(), String> {
        for (position, id) in events {
            if *position <= self.given {
                return Err(format!("a follower gives {position} out behind {}", self.given));
            }
            if let Some(missing) = table.first_there(self.given + 1, *position) {
                return Err(format!("a follower misses {missing}, and goes on with {position}"));
            }
            if table.id(*position) != Some(*id) {
                return Err(format!("a follower gives another event out as {position}"));
            }
            self.given = *position;
        }
        if position == self.given {
            Ok(())
        } else {
            Err(format!("a follower says {position}, and has given out {}", self.given))
        }
    }
}
