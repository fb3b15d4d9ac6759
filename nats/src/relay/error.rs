use async_nats::jetstream::context;
use uuid::Uuid;

use crate::stream::STREAM;

/// Why the relay stopped publishing for a moment. It begins again from the stream's last message.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Postgres failed.
    #[error("reading events failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The stream could not be created or looked at.
    #[error("the stream cannot be used: {0}")]
    Stream(String),
    /// The server did not take a message.
    #[error("publishing failed: {0}")]
    Publish(#[from] context::PublishError),
    /// The server refused a message because the last one in the stream, as far as it knows, is another.
    #[error("the server knows another last message in the stream, or none")]
    BehindAnother {
        /// That one, if its id is one of ours.
        known: Option<Uuid>,
    },
    /// The stream is not where it was left: another relay, or a server that lost its tail.
    #[error("the stream is at sequence {found}, not at {expected}")]
    Moved {
        /// Where the message went.
        found: u64,
        /// Where it should have gone.
        expected: u64,
    },
    /// Somebody has emptied the stream.
    #[error("the stream is empty")]
    Emptied,
    /// What the stream ends with never happened in this database: it is another one, or it was restored to an
    /// earlier state. Nothing is published, or subscribers would silently get a mixture.
    #[error(
        "the stream ends with event {event_id} at position {position}, which the database does not have: purge the \
         stream {STREAM} to fill it again from the database"
    )]
    Diverged {
        /// Where the stream ends.
        position: i64,
        /// With what.
        event_id: Uuid,
    },
}
