//! A plan as it was at an event.
//!
//! It is folded from the plan's own events up to there, and the runs from theirs, in two statements. Rows of the read
//! models are of now, or of a moment ago; the events are of exactly then, whatever came since, and wait for no projector.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use domain::plan::{Plan, PlanEvent};
use domain::run::{Run, RunEvent};
use domain::{Decider, DecodeError, OwnerId, PlanId};
use event_store::{RecordedEvent, read_streams};
use sqlx::PgPool;
use typesetting::{PlanDocument, PrintedRun};
use uuid::Uuid;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Postgres failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// An event is of no known type or version.
    #[error("an event cannot be read: {0}")]
    Event(#[from] DecodeError),
}

/// A plan, whoever's it is, and the runs of its owner that fulfilled its workouts, as they were at a position; `None` when
/// it was not there. Whose it is, the caller must look at.
///
/// # Errors
/// When the database fails or an event cannot be read.
pub async fn plan_document(
    pool: &PgPool,
    plan_id: PlanId,
    position: i64,
    as_of: DateTime<Utc>,
) -> Result<Option<(OwnerId, PlanDocument)>, DocumentError> {
    let events = read_streams(pool, Plan::TYPE, &[plan_id.0], position).await?;
    let version = events.last().map_or(0, |event| event.sequence);
    let mut plan = Plan::default();
    for event in events {
        plan.apply_at(event.decode::<PlanEvent>()?, event.recorded_at);
    }
    let owned = plan.owner().zip(PlanDocument::of(&plan, version, as_of));
    let Some((owner, mut document)) = owned else { return Ok(None) };
    let ids: Vec<_> = plan.workouts().values().filter_map(|workout| workout.run_id).collect();
    let ids: Vec<_> = ids.into_iter().map(|run_id| run_id.0).collect();
    if !ids.is_empty() {
        document.runs = runs(&read_streams(pool, Run::TYPE, &ids, position).await?, owner)?;
    }
    Ok(Some((owner, document)))
}

fn runs(events: &[RecordedEvent], owner: OwnerId) -> Result<Vec<PrintedRun>, DocumentError> {
    let mut runs: BTreeMap<Uuid, Run> = BTreeMap::new();
    for event in events {
        let run = runs.entry(event.aggregate_id).or_default();
        run.apply_at(event.decode::<RunEvent>()?, event.recorded_at);
    }
    let printed = runs.values().filter(|run| run.owner() == Some(owner)).filter_map(|run| {
        let (matched, details) = (run.matched()?, run.details()?);
        Some(PrintedRun {
            workout_id: matched.workout_id,
            actual_date: details.actual_date,
            distance_m: details.distance_m.metres(),
            duration_s: details.duration_s.seconds(),
        })
    });
    Ok(printed.collect())
}
