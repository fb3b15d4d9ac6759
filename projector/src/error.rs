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
    /// Somebody else has moved the checkpoint or changed the course: nothing was written.
    #[error("another projector has moved the checkpoint")]
    Fenced,
    /// The rows were made by a newer program: this one leaves them alone.
    #[error(
        "the rows of projection {projection} are of version {rows}, this program makes version {program}"
    )]
    Newer {
        /// The projection.
        projection: &'static str,
        /// The version of its rows.
        rows: i32,
        /// The version that this program makes.
        program: i32,
    },
    /// The rows were made by an older program, and this one cannot go on with them.
    #[error(
        "the {generation} rows of projection {projection} are of version {rows}, this program makes version {program}"
    )]
    Outdated {
        /// The projection.
        projection: &'static str,
        /// Which of its generations.
        generation: &'static str,
        /// The version of its rows.
        rows: i32,
        /// The version that this program makes.
        program: i32,
    },
    /// Somebody else is building or comparing generations of this projection.
    #[error("projection {projection} is being rebuilt or compared by another process")]
    Busy {
        /// The projection.
        projection: &'static str,
    },
    /// The live rows have not come to where the others are.
    #[error(
        "the live rows of projection {projection} are behind, at position {live} and not {needed}: is it paused, does its projector run?"
    )]
    Behind {
        /// The projection.
        projection: &'static str,
        /// Where the live rows are.
        live: i64,
        /// Where the others are.
        needed: i64,
    },
    /// There is no checkpoint of this projection.
    #[error("there is no {generation} checkpoint of projection {projection}")]
    NoCheckpoint {
        /// The projection.
        projection: &'static str,
        /// Which of its generations.
        generation: &'static str,
    },
}
