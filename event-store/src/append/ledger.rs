use std::time::{Duration, Instant};

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use uuid::Uuid;

use super::StoredAnswer;
use super::batch::{Answer, Batch};

/// Why there is no answer to an append.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) cause: sqlx::Error,
    /// Whether Postgres may have got it.
    pub(super) may_be_stored: bool,
}

impl NoAnswer {
    /// It was never sent.
    pub(super) fn not_sent(cause: sqlx::Error) -> Self {
        Self { cause, may_be_stored: false }
    }
}

impl From<sqlx::Error> for NoAnswer {
    fn from(cause: sqlx::Error) -> Self {
        let may_be_stored = match &cause {
            sqlx::Error::PoolTimedOut => false,
            sqlx::Error::Database(error) => is_cut_off(error.as_ref()),
            _no_answer => true,
        };
        Self { cause, may_be_stored }
    }
}

/// Whether Postgres has not refused what was asked for, but ended: shut down, or broken, perhaps behind the commit.
fn is_cut_off(error: &dyn DatabaseError) -> bool {
    let ended = |code: &str| code.starts_with("08") || code.starts_with("57P0");
    let broken = error
        .try_downcast_ref::<PgDatabaseError>()
        .is_none_or(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic));
    broken || error.code().is_some_and(|code| ended(&code))
}

/// Where batches are appended.
///
/// An error says that no answer came: what was asked for has happened, will happen yet, or never does.
pub(super) trait Ledger: Sync {
    /// Appends all of a batch, or nothing.
    fn append(&self, batch: &Batch) -> impl Future<Output = Result<Answer, NoAnswer>> + Send;

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
