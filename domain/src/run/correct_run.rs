use chrono::{DateTime, FixedOffset, NaiveDate};

use super::{Run, RunCorrected, RunDetails, RunError, RunEvent};
use crate::{Distance, Elevation, Heartbeat, PerceivedEffort, Seconds, Text};

/// Changes to a run. What is `None` stays as it is; an inner `None` clears.
#[derive(Debug, Clone, Default)]
pub struct RunRevision {
    /// A new day.
    pub actual_date: Option<NaiveDate>,
    /// A new beginning, or none.
    pub started_at: Option<Option<DateTime<FixedOffset>>>,
    /// A new distance.
    pub distance_m: Option<Distance>,
    /// A new duration.
    pub duration_s: Option<Seconds>,
    /// A new average heart rate, or none.
    pub average_heart_rate: Option<Option<Heartbeat>>,
    /// A new maximum heart rate, or none.
    pub max_heart_rate: Option<Option<Heartbeat>>,
    /// A new climb, or none.
    pub elevation_gain_m: Option<Option<Elevation>>,
    /// A new effort, or none.
    pub perceived_effort: Option<Option<PerceivedEffort>>,
    /// Whether it was a race after all.
    pub is_race: Option<bool>,
    /// New notes, or none.
    pub notes: Option<Option<Text>>,
}

/// Says what a run was really like; stores nothing when nothing changes.
#[derive(Debug, Clone)]
pub struct CorrectRun {
    /// What to change.
    pub revision: RunRevision,
    /// The date in UTC.
    pub today: NaiveDate,
    /// What the client calls the duration, for refusals.
    pub duration_field: &'static str,
}

impl CorrectRun {
    pub(super) fn decide(self, run: &Run) -> Result<Vec<RunEvent>, RunError> {
        let Self { revision, today, duration_field } = self;
        let body = run.body()?;
        let is = revised(&body.details, revision);
        let violations = is.violations(today, duration_field);
        if !violations.is_empty() {
            return Err(RunError::Invalid(violations));
        }
        if is == body.details && offset(&is) == offset(&body.details) {
            return Ok(vec![]);
        }
        Ok(vec![RunEvent::Corrected(RunCorrected { run_id: body.run_id, run: is })])
    }
}

/// Two instants are equal whatever their offsets, and yet a runner's clock is part of what is kept.
fn offset(run: &RunDetails) -> Option<FixedOffset> {
    run.started_at.map(|at| *at.offset())
}

fn revised(was: &RunDetails, revision: RunRevision) -> RunDetails {
    let RunRevision {
        actual_date,
        started_at,
        distance_m,
        duration_s,
        average_heart_rate,
        max_heart_rate,
        elevation_gain_m,
        perceived_effort,
        is_race,
        notes,
    } = revision;
    let begins = started_at.flatten().map(|at| at.date_naive());
    let actual_date = actual_date.or(begins).unwrap_or(was.actual_date);
    RunDetails {
        actual_date,
        // A new day says that the old beginning, on another one, was wrong.
        started_at: started_at
            .unwrap_or_else(|| was.started_at.filter(|at| at.date_naive() == actual_date)),
        distance_m: distance_m.unwrap_or(was.distance_m),
        duration_s: duration_s.unwrap_or(was.duration_s),
        average_heart_rate: average_heart_rate.unwrap_or(was.average_heart_rate),
        max_heart_rate: max_heart_rate.unwrap_or(was.max_heart_rate),
        elevation_gain_m: elevation_gain_m.unwrap_or(was.elevation_gain_m),
        perceived_effort: perceived_effort.unwrap_or(was.perceived_effort),
        is_race: is_race.unwrap_or(was.is_race),
        notes: notes.unwrap_or_else(|| was.notes.clone()),
    }
}
