use event_store::RecordedEvent;
use metrics::counter;

use super::feed::{Feed, News};
use crate::log::EventLog;

/// How many events one read takes from Postgres.
const BATCH: i64 = 2_000;

/// Decides what comes next: what NATS brings as long as nothing is missing, else what Postgres has.
///
/// Positions are dense, so a message that does not carry the next one shows a hole at once.
///
/// A [`Subscription`](super::Subscription) is one between Postgres and JetStream; simulations put one between others.
pub struct Follower<L, F> {
    log: L,
    feed: F,
    position: i64,
    /// Whether the last read of Postgres may not have been the last there is.
    behind: bool,
}

impl<L: EventLog, F: Feed> Follower<L, F> {
    /// Everything behind `position`.
    #[must_use]
    pub fn new(log: L, feed: F, position: i64) -> Self {
        Self { log, feed, position, behind: true }
    }

    /// The position of the last event given out.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Goes on behind another position.
    pub fn seek(&mut self, position: i64) {
        self.position = position;
        self.behind = true;
        self.feed.close();
    }

    /// The next events; none when nothing came for a while. Who stops waiting for them misses nothing.
    ///
    /// # Errors
    /// When the log fails; ask again.
    pub async fn next_batch(&mut self) -> sqlx::Result<Vec<RecordedEvent>> {
        if self.behind {
            // Far behind, the stream is of no use yet.
            let events = self.read_postgres().await?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
        if !self.feed.is_open() {
            // The consumer first: what is appended while Postgres is read waits in it.
            self.feed.open().await;
            let events = self.read_postgres().await?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
        match self.feed.next(self.position).await {
            News::Messages(messages) => self.accept(messages).await,
            News::Late => {
                let events = self.read_postgres().await?;
                if !events.is_empty() {
                    counter!("trainer_subscription_fallbacks_total").increment(1);
                }
                Ok(events)
            }
        }
    }

    async fn read_postgres(&mut self) -> sqlx::Result<Vec<RecordedEvent>> {
        let events = self.read_behind(self.position).await?;
        self.position = events.last().map_or(self.position, |event| event.position);
        Ok(events)
    }

    async fn read_behind(&mut self, position: i64) -> sqlx::Result<Vec<RecordedEvent>> {
        let events = self.log.read_after(position, BATCH).await?;
        self.behind = events.len() as i64 == BATCH;
        Ok(events)
    }

    /// Takes the messages that come next; from the first hole on, Postgres fills in.
    async fn accept(&mut self, messages: Vec<RecordedEvent>) -> sqlx::Result<Vec<RecordedEvent>> {
        let mut position = self.position;
        let mut accepted = Vec::with_capacity(messages.len());
        for event in messages {
            if event.position > position + 1 {
                counter!("trainer_subscription_holes_total").increment(1);
                match self.fill(position, event.position, &mut accepted).await {
                    Ok(filled) => position = filled,
                    Err(error) => {
                        // What was accepted is not given out: go back to where the caller stands.
                        self.seek(self.position);
                        return Err(error);
                    }
                }
            }
            if event.position > position {
                position = event.position;
                accepted.push(event);
            }
        }
        self.position = position;
        Ok(accepted)
    }

    /// Reads what lies before `up_to`; how far that is. What was erased is in neither place, and is no hole.
    async fn fill(
        &mut self,
        mut position: i64,
        up_to: i64,
        accepted: &mut Vec<RecordedEvent>,
    ) -> sqlx::Result<i64> {
        while position < up_to - 1 {
            let events = self.read_behind(position).await?;
            let Some(last) = events.last() else { break };
            position = last.position;
            accepted.extend(events);
        }
        Ok(position)
    }
}
