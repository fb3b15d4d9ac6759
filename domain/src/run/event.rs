use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RunDetails, Source};
use crate::stored::events;
use crate::{OwnerId, PlanId, RunId, WorkoutId};

events! {
    /// What has happened to a run.
    ///
    /// Stored for ever: add variants and optional fields; never rename or reuse one. What must change otherwise
    /// gets a new version, and the old one a step to it (`stored/upcast.rs`).
    RunEvent {
        /// A run was recorded.
        Recorded(RunRecorded) = "run.recorded" "1",
        /// It turned out to be different.
        Corrected(RunCorrected) = "run.corrected" "1",
        /// It fulfils a workout.
        Matched(RunMatched) = "run.matched" "1",
        /// It does not fulfil that workout any more.
        Unmatched(RunMatched) = "run.unmatched" "1",
        /// It is gone.
        Deleted(RunDeleted) = "run.deleted" "1",
    }
}

/// Payload of `run.recorded`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecorded {
    /// The new run.
    pub run_id: RunId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// Where it came from.
    pub source: Source,
    /// Its id at that source.
    pub external_id: Option<String>,
    /// What it was like.
    pub run: RunDetails,
}

/// Payload of `run.corrected`: the whole of what it was like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunCorrected {
    /// The run.
    pub run_id: RunId,
    /// What it was like, as known now.
    pub run: RunDetails,
}

/// Payload of `run.matched` and `run.unmatched`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunMatched {
    /// The run.
    pub run_id: RunId,
    /// The workout's plan.
    pub plan_id: PlanId,
    /// The workout.
    pub workout_id: WorkoutId,
}

/// Payload of `run.deleted`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunDeleted {
    /// The run.
    pub run_id: RunId,
}
