use std::sync::Arc;

use domain::DecodeError;

/// Why the store could not do its part. Nothing was stored, unless said otherwise.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// More commands are waiting than the queue holds. Try again shortly.
    #[error("too many commands are waiting")]
    Overloaded,
    /// It had to wait for longer than its caller allows; it was not begun, and is not stored later.
    #[error("the command could not be begun in time")]
    Late,
    /// Postgres cannot be reached or answers with an error.
    #[error("the event store's database failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// Postgres may have got an append, and has not answered. Whether it went through is unknown; a retry with the same
    /// command key finds out.
    #[error("the event store's database has not answered: {0}")]
    Unanswered(Arc<sqlx::Error>),
    /// A stored event cannot be read.
    #[error("a stored event cannot be read: {0}")]
    Decode(Arc<DecodeError>),
    /// An event or answer cannot be written as JSON.
    #[error("an event cannot be written: {0}")]
    Encode(Arc<serde_json::Error>),
    /// Whose data it would be was erased.
    #[error("the owner was erased")]
    OwnerErased,
    /// The store is shutting down.
    #[error("the event store is closed")]
    Closed,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<DecodeError> for StoreError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(Arc::new(error))
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Encode(Arc::new(error))
    }
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R> {
    /// A rule refused it, in the present state.
    #[error("the command was refused")]
    Refused(R),
    /// Other commands on the same streams kept coming first.
    #[error("the command lost every race for its streams")]
    Contended,
    /// The command's key was used for another request.
    #[error("the command's key was used for another request")]
    KeyReused,
    /// The store could not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}
