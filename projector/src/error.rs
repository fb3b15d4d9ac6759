use domain::DecodeError;

/// Why a projection cannot go on at the moment. Its rows and checkpoint are as they were.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// Postgres failed; trying again may help.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// An event cannot be read; a newer program may be able to.
    #[error("the event at position {position} cannot be projected: {source}")]
    Event {
        /// Which event.
        position: i64,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// Somebody else has moved the checkpoint: nothing was written.
    #[error("another projector has moved the checkpoint")]
    Fenced,
    /// There is no checkpoint of this projection.
    #[error("there is no {generation} checkpoint of projection {projection}")]
    NoCheckpoint {
        /// The projection.
        projection: &'static str,
        /// Which of its generations.
        generation: &'static str,
    },
}
