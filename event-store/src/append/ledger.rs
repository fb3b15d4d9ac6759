use std::time::{Duration, Instant};

use uuid::Uuid;

use super::StoredAnswer;
use super::batch::{Answer, Batch};

/// Where batches are appended.
///
/// An error says that no answer came: what was asked for has happened, will happen yet, or never does.
pub(super) trait Ledger: Sync {
    /// Appends all of a batch, or nothing.
    fn append(&self, batch: &Batch) -> impl Future<Output = sqlx::Result<Answer>> + Send;

    /// Whether an earlier attempt, of which no answer came, did append this batch; then, behind which position.
    fn appended_before(
        &self,
        batch: &Batch,
    ) -> impl Future<Output = sqlx::Result<Option<i64>>> + Send;

    /// Reads what is stored under a key.
    fn stored_answer(
        &self,
        key: Uuid,
    ) -> impl Future<Output = sqlx::Result<Option<StoredAnswer>>> + Send;

    /// The time now.
    fn now(&self) -> Instant;

    /// Lets time pass.
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
}
