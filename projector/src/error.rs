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
    /// A migration has changed the live tables since the others were made.
    #[error(
        "the {generation} tables of projection {projection} are not like the live ones: a migration has changed those since; rebuild instead"
    )]
    OtherTables {
        /// The projection.
        projection: &'static str,
        /// Which of its generations.
        generation: &'static str,
    },
    /// Somebody else is building, comparing or verifying rows of this projection.
    #[error("projection {projection} is being rebuilt, compared or verified by somebody else")]
    Busy {
        /// The projection.
        projection: &'static str,
    },
    /// The same request has begun it before.
    #[error("this was begun before, under the same key")]
    BegunBefore,
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
    /// The stream is not held up by the event that somebody has asked to drop.
    #[error("the stream is held up by the event at position {position}, not by that at {asked}")]
    HeldUpElsewhere {
        /// The event that was to be dropped.
        asked: i64,
        /// The one that holds it up.
        position: i64,
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

impl ProjectorError {
    /// What it says to operators, without anything that a runner has recorded: what Postgres says of rows, and serde of
    /// events, may quote them.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Database(error) => {
                match error.as_database_error().and_then(|error| error.code()) {
                    Some(code) => format!("the database failed, with SQLSTATE {code}"),
                    None => "the database did not answer".to_owned(),
                }
            }
            Self::Event { position, .. } => {
                format!("the event at position {position} cannot be projected")
            }
            Self::Fenced
            | Self::Newer { .. }
            | Self::Outdated { .. }
            | Self::OtherTables { .. }
            | Self::Busy { .. }
            | Self::BegunBefore
            | Self::Behind { .. }
            | Self::HeldUpElsewhere { .. }
            | Self::NoCheckpoint { .. } => self.to_string(),
        }
    }
}
