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
    /// The one that was live before.
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

    /// The schema that its tables are in.
    pub(crate) fn schema(self, projection: Projection) -> String {
        match self {
            Self::Live => "public".to_owned(),
            Self::Next => format!("rebuild_{}", projection.name()),
            Self::Previous => format!("previous_{}", projection.name()),
        }
    }

    /// Its tables, each with its schema.
    pub(crate) fn tables(self, projection: Projection) -> Vec<String> {
        let schema = self.schema(projection);
        projection.tables().iter().map(|table| format!("{schema}.{table}")).collect()
    }
}

/// A step of a checkpoint: from where it must stand to where it comes, in the epoch it was learnt in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) projection: Projection,
    pub(crate) generation: Generation,
    pub(crate) epoch: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Step {
    /// Moves the checkpoint alone, over events that write nothing.
    pub(crate) async fn take(self, connection: &mut PgConnection) -> Result<(), ProjectorError> {
        let moved = sqlx::query!(
            "update projector.checkpoints set position = $5, updated_at = now()
              where projection = $1 and generation = $2 and epoch = $3 and position = $4",
            self.projection.name(),
            self.generation.as_str(),
            self.epoch,
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
    /// Every event up to and with this one is in them, but those of parked streams.
    pub position: i64,
    /// In how many shares the work is divided among projectors.
    pub shares: i64,
    /// How many streams are parked.
    pub parked_streams: i64,
    /// Since when it is paused, if it is.
    pub paused_at: Option<DateTime<Utc>>,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
}

/// Where all projections stand, by name. Of a generation in several shares, what its hindmost share has reached.
///
/// # Errors
/// When the database fails.
pub async fn checkpoints(pool: &PgPool) -> sqlx::Result<Vec<Checkpoint>> {
    read(&mut *pool.acquire().await?).await
}

/// Where one generation stands.
pub(crate) async fn checkpoint(
    connection: &mut PgConnection,
    projection: Projection,
    generation: Generation,
) -> Result<Checkpoint, ProjectorError> {
    let (projection, generation) = (projection.name(), generation.as_str());
    read(connection)
        .await?
        .into_iter()
        .find(|at| at.projection == projection && at.generation == generation)
        .ok_or(ProjectorError::NoCheckpoint { projection, generation })
}

/// The version of the code that has made the rows of a generation; `None` when there is none.
pub(crate) async fn version_of(
    pool: &PgPool,
    projection: Projection,
    generation: Generation,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        "select max(version) from projector.checkpoints where projection = $1 and generation = $2",
        projection.name(),
        generation.as_str(),
    )
    .fetch_one(pool)
    .await
}

async fn read(connection: &mut PgConnection) -> sqlx::Result<Vec<Checkpoint>> {
    sqlx::query_as!(
        Checkpoint,
        r#"select c.projection, c.generation, max(c.version) as "version!", min(c.position) as "position!",
                  count(*) as "shares!", max(c.paused_at) as paused_at, max(c.updated_at) as "updated_at!",
                  (select count(*) from projector.parked_streams p
                    where p.projection = c.projection and p.generation = c.generation) as "parked_streams!"
             from projector.checkpoints c
            group by c.projection, c.generation order by c.projection, c.generation"#,
    )
    .fetch_all(connection)
    .await
}
