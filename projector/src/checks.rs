//! Verifications and comparisons that go on behind the request for them: what came of the latest one is kept for whoever
//! asks later, in whichever process.

use chrono::{DateTime, Utc};
use event_store::{Leadership, holders};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{Projection, ProjectorError};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Whether the live rows are what the events say: [`verify`](crate::verify).
    Verify,
    /// How the live rows compare with those of another generation: [`diff`](crate::diff).
    Diff,
}

impl Check {
    /// The word in `projector.checks`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Diff => "diff",
        }
    }
}

/// How the latest check went.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestCheck {
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// How many events were folded until now.
    pub events: i64,
    /// How many it has to fold, roughly; 0 when nobody has said yet.
    pub events_in_all: i64,
    /// How it stands.
    pub state: CheckState,
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckState {
    /// Somebody is at it.
    Running,
    /// Whoever was at it is gone. Nothing goes on with it.
    Interrupted,
    /// It is done.
    Done {
        /// When.
        at: DateTime<Utc>,
        /// What it has found.
        found: Found,
    },
    /// It has failed.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// Why, without anything that a runner has recorded.
        error: String,
    },
}

impl CheckState {
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

/// What a check has found. It names nobody but by the keys in `rows`.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// All but the rows.
    pub report: Value,
    /// The rows that differ. `None` when somebody was erased since it began, or is being erased: they might be theirs.
    pub rows: Option<Value>,
}

/// A check that is being made, by this process alone.
#[derive(Debug)]
pub struct CheckUnderWay {
    pool: PgPool,
    projection: Projection,
    check: Check,
    check_id: Uuid,
    alone: Leadership,
}

impl CheckUnderWay {
    /// Begins one; what is known of the one before is forgotten.
    ///
    /// # Errors
    /// When the same is being made already, or the database fails.
    pub async fn begin(
        pool: &PgPool,
        projection: Projection,
        check: Check,
    ) -> Result<Self, ProjectorError> {
        let job = job(projection, check);
        let Some(alone) = Leadership::try_take(&job, &pool.connect_options()).await? else {
            return Err(ProjectorError::Busy { projection: projection.name() });
        };
        let check_id = Uuid::now_v7();
        sqlx::query!(
            "insert into projector.checks (projection, kind, check_id, begun_at) values ($1, $2, $3, now())
             on conflict (projection, kind) do update
                set check_id = excluded.check_id, begun_at = excluded.begun_at, events = 0, events_in_all = 0,
                    ended_at = null, report = null, rows_named = null, error = null",
            projection.name(),
            check.as_str(),
            check_id,
        )
        .execute(pool)
        .await?;
        Ok(Self { pool: pool.clone(), projection, check, check_id, alone })
    }

    /// Takes note how many events were folded, of about how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn progress(&self, events: i64, events_in_all: i64) -> sqlx::Result<()> {
        sqlx::query!(
            "update projector.checks set events = $4, events_in_all = $5
              where projection = $1 and kind = $2 and check_id = $3",
            self.projection.name(),
            self.check.as_str(),
            self.check_id,
            events,
            events_in_all,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes note of how it has ended, and lets others begin.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(self, ended: Result<Found, &ProjectorError>) -> sqlx::Result<()> {
        let (report, rows, error) = match ended {
            Ok(Found { report, rows }) => (Some(report), rows, None),
            Err(error) => (None, None, Some(error.reason())),
        };
        // An erasure that is asked for only now removes the rows when this is committed.
        sqlx::query!(
            "update projector.checks
                set ended_at = now(), report = $4, error = $6,
                    rows_named = case when not exists (select from es.erasures e
                                                        where e.completed_at is null or e.completed_at > begun_at)
                                      then $5::jsonb end
              where projection = $1 and kind = $2 and check_id = $3",
            self.projection.name(),
            self.check.as_str(),
            self.check_id,
            report,
            rows,
            error,
        )
        .execute(&self.pool)
        .await?;
        self.alone.resign().await;
        Ok(())
    }
}

/// How the latest one went, or goes, if there was one.
///
/// # Errors
/// When the database fails.
pub async fn latest_check(
    pool: &PgPool,
    projection: Projection,
    check: Check,
) -> sqlx::Result<Option<LatestCheck>> {
    let Some(row) = Row::read(pool, projection, check).await? else { return Ok(None) };
    if row.ended_at.is_some() {
        return Ok(Some(row.into_latest(true)));
    }
    let jobs = [job(projection, check)];
    let at_it: i64 = holders(&mut *pool.acquire().await?, &jobs).await?.into_iter().sum();
    // Whoever ends says so before letting go: it may have been at that very moment.
    let now = Row::read(pool, projection, check).await?;
    Ok(now.map(|now| {
        let is_at_it = at_it > 0 || now.check_id != row.check_id;
        now.into_latest(is_at_it)
    }))
}

/// A row of `projector.checks`.
struct Row {
    check_id: Uuid,
    begun_at: DateTime<Utc>,
    events: i64,
    events_in_all: i64,
    ended_at: Option<DateTime<Utc>>,
    report: Option<Value>,
    rows_named: Option<Value>,
    error: Option<String>,
}

impl Row {
    async fn read(
        pool: &PgPool,
        projection: Projection,
        check: Check,
    ) -> sqlx::Result<Option<Self>> {
        sqlx::query_as!(
            Self,
            "select check_id, begun_at, events, events_in_all, ended_at, report, rows_named, error
               from projector.checks where projection = $1 and kind = $2",
            projection.name(),
            check.as_str(),
        )
        .fetch_optional(pool)
        .await
    }

    fn into_latest(self, is_at_it: bool) -> LatestCheck {
        let state = match (self.ended_at, self.error) {
            (None, _) if is_at_it => CheckState::Running,
            (None, _) => CheckState::Interrupted,
            (Some(at), Some(error)) => CheckState::Failed { at, error },
            (Some(at), None) => {
                let report = self.report.unwrap_or_default();
                CheckState::Done { at, found: Found { report, rows: self.rows_named } }
            }
        };
        let (begun_at, events, events_in_all) = (self.begun_at, self.events, self.events_in_all);
        LatestCheck { begun_at, events, events_in_all, state }
    }
}

/// Forgets which rows differed: they may be somebody's who is being erased. What ends at the same time is waited for.
pub(crate) async fn forget_rows(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("update projector.checks set rows_named = null").execute(pool).await?;
    Ok(())
}

/// The job of whoever makes the check.
fn job(projection: Projection, check: Check) -> String {
    format!("{} of {}", check.as_str(), projection.name())
}
