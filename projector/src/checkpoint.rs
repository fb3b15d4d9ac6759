use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use crate::{Projection, ProjectorError};

/// Which set of a projection's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The one that queries read.
    Live,
    /// One that is being built.
    Next,
    /// The one that was live before the last rebuild.
    Previous,
}

impl Generation {
    /// The word in `projector.checkpoints`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Next => "next",
            Self::Previous => "previous",
        }
    }
}

/// A step of a checkpoint: from where it must stand to where it comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) projection: Projection,
    pub(crate) generation: Generation,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Step {
    /// Moves the checkpoint alone, over events that write nothing.
    pub(crate) async fn take(self, connection: &mut PgConnection) -> Result<(), ProjectorError> {
        let moved = sqlx::query!(
            "update projector.checkpoints set position = $4, updated_at = now()
              where projection = $1 and generation = $2 and position = $3",
            self.projection.name(),
            self.generation.as_str(),
            self.from,
            self.to,
        )
        .execute(connection)
        .await?
        .rows_affected();
        fenced(moved as i64)
    }
}

/// Turns "the fence let nothing through" into its error.
pub(crate) fn fenced(moved: i64) -> Result<(), ProjectorError> {
    if moved == 0 { Err(ProjectorError::Fenced) } else { Ok(()) }
}

/// Where a projection's tables stand.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The projection's name.
    pub projection: String,
    /// `live`, `next` or `previous`.
    pub generation: String,
    /// The version of the code that filled the tables.
    pub version: i32,
    /// Every event up to and with this one is in them.
    pub position: i64,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
}

/// Where all projections stand, by name.
///
/// # Errors
/// When the database fails.
pub async fn checkpoints(pool: &PgPool) -> sqlx::Result<Vec<Checkpoint>> {
    sqlx::query_as!(
        Checkpoint,
        "select projection, generation, version, position, updated_at
           from projector.checkpoints order by projection, generation",
    )
    .fetch_all(pool)
    .await
}

pub(crate) async fn position(
    connection: &mut PgConnection,
    projection: Projection,
    generation: Generation,
) -> Result<i64, ProjectorError> {
    sqlx::query_scalar!(
        "select position from projector.checkpoints where projection = $1 and generation = $2",
        projection.name(),
        generation.as_str(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(ProjectorError::NoCheckpoint {
        projection: projection.name(),
        generation: generation.as_str(),
    })
}
