use chrono::{DateTime, Utc};
use event_store::{Leadership, holders};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::build::Rebuilt;
use crate::course::Course;
use crate::{Projection, ProjectorError};

/// What is done with a projection's generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undertaking {
    /// The next one is built, and takes the place of the live one.
    Rebuild,
    /// The next one is built, and stays beside the live one.
    Build,
    /// The previous one is brought up to date, and takes the place of the live one.
    Rollback,
}

impl Undertaking {
    const ALL: [Self; 3] = [Self::Rebuild, Self::Build, Self::Rollback];

    /// The word in `projector.rebuilds`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Build => "build",
            Self::Rollback => "rollback",
        }
    }
}

/// How the latest one went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestRebuild {
    /// What it was about.
    pub undertaking: Undertaking,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// The position at which it began: not 0 when it went on where another had stopped.
    pub begun_from: i64,
    /// How it stands.
    pub state: RebuildState,
}

/// How a rebuild stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RebuildState {
    /// Somebody is at it.
    Running,
    /// Whoever was at it is gone; the next one goes on.
    Interrupted,
    /// It is done.
    Done {
        /// When.
        at: DateTime<Utc>,
        /// How many events were folded.
        events: i64,
    },
    /// It has failed; the next one goes on.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// Why, without anything that a runner has recorded.
        error: String,
    },
}

impl RebuildState {
    /// In a word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
        }
    }
}

/// The note of something that is done with a projection's generations, by whoever has begun it.
pub(super) struct Record {
    projection: Projection,
    rebuild_id: Uuid,
    /// While it is held, somebody is at it.
    at_it: Leadership,
}

impl Record {
    /// Takes note that something begins where a generation stands.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn begin(
        pool: &PgPool,
        undertaking: Undertaking,
        course: &Course,
        rebuild_id: Uuid,
    ) -> Result<Self, ProjectorError> {
        let projection = course.projection;
        let at_it = Leadership::try_take(&job(rebuild_id), &pool.connect_options()).await?;
        let at_it = at_it.ok_or(ProjectorError::Busy { projection: projection.name() })?;
        sqlx::query!(
            "with asked_for as (
                 update projector.operator_requests set begun = true where request_id = $2
             )
             insert into projector.rebuilds (projection, rebuild_id, kind, begun_at, begun_from)
             values ($1, $2, $3, now(), $4)
             on conflict (projection) do update
                set rebuild_id = excluded.rebuild_id, kind = excluded.kind, begun_at = excluded.begun_at,
                    begun_from = excluded.begun_from, ended_at = null, events = null, error = null",
            projection.name(),
            rebuild_id,
            undertaking.as_str(),
            course.position,
        )
        .execute(pool)
        .await?;
        Ok(Self { projection, rebuild_id, at_it })
    }

    /// Takes note that it is done, in a commit with what was done.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn done(
        &self,
        connection: &mut PgConnection,
        events: i64,
    ) -> sqlx::Result<()> {
        self.ended(connection, Some(events), None).await
    }

    /// Whether an operator's request of this id has led to one.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn has_begun(pool: &PgPool, rebuild_id: Uuid) -> sqlx::Result<bool> {
        let begun = sqlx::query_scalar!(
            "select begun from projector.operator_requests where request_id = $1",
            rebuild_id,
        )
        .fetch_optional(pool)
        .await?;
        Ok(begun.unwrap_or(false))
    }

    /// Whether it is noted that it is done. Waits for whoever is about to note it.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn is_done(&self, pool: &PgPool) -> sqlx::Result<bool> {
        let found = sqlx::query!(
            "select ended_at, error from projector.rebuilds where projection = $1 and rebuild_id = $2 for update",
            self.projection.name(),
            self.rebuild_id,
        )
        .fetch_optional(pool)
        .await?;
        Ok(found.is_some_and(|record| record.ended_at.is_some() && record.error.is_none()))
    }

    /// Takes note how it has ended, if that is not noted yet. What has happened stays so when no note can be taken.
    pub(super) async fn end(self, pool: &PgPool, ended: &Result<Rebuilt, ProjectorError>) {
        let (events, error) = match ended {
            Ok(rebuilt) => (Some(rebuilt.events), None),
            Err(error) => (None, Some(error.reason())),
        };
        if let Err(error) = self.ended(pool, events, error).await {
            let projection = self.projection.name();
            tracing::warn!(projection, %error, "how a rebuild has ended is not noted");
        }
        self.at_it.resign().await;
    }

    async fn ended(
        &self,
        executor: impl PgExecutor<'_>,
        events: Option<i64>,
        error: Option<String>,
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "update projector.rebuilds set ended_at = now(), events = $3, error = $4
              where projection = $1 and rebuild_id = $2 and ended_at is null",
            self.projection.name(),
            self.rebuild_id,
            events,
            error,
        )
        .execute(executor)
        .await?;
        Ok(())
    }
}

/// How the latest rebuild of each projection went, by name.
pub(crate) async fn latest_rebuilds(
    connection: &mut PgConnection,
) -> sqlx::Result<Vec<(String, LatestRebuild)>> {
    let rows = Row::read(connection).await?;
    let jobs: Vec<String> = rows.iter().map(|row| job(row.rebuild_id)).collect();
    let at_it = holders(connection, &jobs).await?;
    let is_left: Vec<Uuid> = rows
        .iter()
        .zip(at_it)
        .filter(|(row, at_it)| row.ended_at.is_none() && *at_it == 0)
        .map(|(row, _)| row.rebuild_id)
        .collect();
    // Whoever ends says so before letting go: it may have been at that very moment.
    let rows = if is_left.is_empty() { rows } else { Row::read(connection).await? };
    Ok(rows.into_iter().filter_map(|row| row.into_latest(&is_left)).collect())
}

/// A row of `projector.rebuilds`.
struct Row {
    projection: String,
    rebuild_id: Uuid,
    kind: String,
    begun_at: DateTime<Utc>,
    begun_from: i64,
    ended_at: Option<DateTime<Utc>>,
    events: Option<i64>,
    error: Option<String>,
}

impl Row {
    async fn read(connection: &mut PgConnection) -> sqlx::Result<Vec<Self>> {
        sqlx::query_as!(
            Self,
            "select projection, rebuild_id, kind, begun_at, begun_from, ended_at, events, error
               from projector.rebuilds order by projection",
        )
        .fetch_all(connection)
        .await
    }

    fn into_latest(self, is_left: &[Uuid]) -> Option<(String, LatestRebuild)> {
        let undertaking = Undertaking::ALL.into_iter().find(|kind| kind.as_str() == self.kind)?;
        let state = match (self.ended_at, self.error) {
            (None, _) if is_left.contains(&self.rebuild_id) => RebuildState::Interrupted,
            (None, _) => RebuildState::Running,
            (Some(at), None) => RebuildState::Done { at, events: self.events.unwrap_or_default() },
            (Some(at), Some(error)) => RebuildState::Failed { at, error },
        };
        let (begun_at, begun_from) = (self.begun_at, self.begun_from);
        Some((self.projection, LatestRebuild { undertaking, begun_at, begun_from, state }))
    }
}

/// The job of whoever is at one of them.
fn job(rebuild_id: Uuid) -> String {
    format!("rebuild {rebuild_id}")
}
