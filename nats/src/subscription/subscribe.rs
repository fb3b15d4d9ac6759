use async_nats::Client;
use event_store::RecordedEvent;
use sqlx::PgPool;
use tokio::sync::watch;

use super::follower::Follower;
use super::jetstream::JetStreamFeed;

/// All events in order, each once, from a position on: catches up from Postgres, then follows the
/// stream, and goes back to Postgres whenever the stream has a hole, is late, or is away.
pub struct Subscription {
    follower: Follower<PgPool, JetStreamFeed>,
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
        Self { follower: Follower::new(pool, JetStreamFeed::new(client, appended), position) }
    }

    /// The position of the last event given out.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.follower.position()
    }

    /// Goes on behind another position, after someone else has moved the checkpoint.
    pub fn seek(&mut self, position: i64) {
        self.follower.seek(position);
    }

    /// The next events; none when nothing came for a while.
    ///
    /// # Errors
    /// When Postgres fails; ask again.
    pub async fn next_batch(&mut self) -> Result<Vec<RecordedEvent>, SubscriptionError> {
        Ok(self.follower.next_batch().await?)
    }
}
