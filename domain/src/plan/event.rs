use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PlanDetails, PlanStatus, WorkoutContent};
use crate::stored::events;
use crate::{Distance, Name, OwnerId, PlanId, RunId, Text, WorkoutId};

events! {
    /// What has happened to a plan and its workouts.
    ///
    /// Stored for ever: add variants and optional fields; never rename or reuse one. What must change otherwise
    /// gets a new version, and the old one a step to it (`stored/upcast.rs`).
    PlanEvent {
        /// A plan began as a draft.
        Created(PlanCreated) = "plan.created" "1",
        /// It was given another name.
        Renamed(PlanRenamed) = "plan.renamed" "1",
        /// Its description was rewritten.
        Described(PlanDescribed) = "plan.described" "1",
        /// Its first or last day changed.
        Rescheduled(PlanRescheduled) = "plan.rescheduled" "1",
        /// It leads to another race.
        GoalChanged(GoalChanged) = "plan.goal_changed" "1",
        /// The runner trains by it.
        Activated(PlanStatusChanged) = "plan.activated" "1",
        /// It is done.
        Completed(PlanStatusChanged) = "plan.completed" "1",
        /// It was given up.
        Abandoned(PlanStatusChanged) = "plan.abandoned" "1",
        /// It is gone, and its workouts with it.
        Deleted(PlanStatusChanged) = "plan.deleted" "1",
        /// A workout was added.
        WorkoutScheduled(WorkoutScheduled) = "workout.scheduled" "1",
        /// A workout was put on another day.
        WorkoutMoved(WorkoutMoved) = "workout.moved" "1",
        /// A workout asks for something else.
        WorkoutChanged(WorkoutChanged) = "workout.changed" "1",
        /// A run fulfilled a workout.
        WorkoutCompleted(WorkoutCompleted) = "workout.completed" "1",
        /// A workout was left out on purpose.
        WorkoutSkipped(WorkoutSettled) = "workout.skipped" "1",
        /// A workout is to be done again.
        WorkoutReopened(WorkoutSettled) = "workout.reopened" "1",
        /// A workout was taken out of the plan.
        WorkoutRemoved(WorkoutSettled) = "workout.removed" "1",
    }
}

impl PlanEvent {
    /// The event that says a plan got this status; a plan never becomes a draft again.
    pub(super) fn status(plan_id: PlanId, status: PlanStatus) -> Option<Self> {
        let changed = PlanStatusChanged { plan_id };
        match status {
            PlanStatus::Draft => None,
            PlanStatus::Active => Some(Self::Activated(changed)),
            PlanStatus::Completed => Some(Self::Completed(changed)),
            PlanStatus::Abandoned => Some(Self::Abandoned(changed)),
        }
    }
}

/// Payload of `plan.created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanCreated {
    /// The new plan.
    pub plan_id: PlanId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// What it says of itself.
    pub plan: PlanDetails,
}

/// Payload of `plan.renamed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRenamed {
    /// The plan.
    pub plan_id: PlanId,
    /// Its new name.
    pub name: Name,
}

/// Payload of `plan.described`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanDescribed {
    /// The plan.
    pub plan_id: PlanId,
    /// Its new description.
    pub description: Option<Text>,
}

/// Payload of `plan.rescheduled`. Workouts that move with it have `workout.moved` events of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRescheduled {
    /// The plan.
    pub plan_id: PlanId,
    /// Its first day now.
    pub start_date: NaiveDate,
    /// Its last day now.
    pub end_date: NaiveDate,
}

/// Payload of `plan.goal_changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalChanged {
    /// The plan.
    pub plan_id: PlanId,
    /// The race's day.
    pub goal_race_date: Option<NaiveDate>,
    /// The race's distance.
    pub goal_race_distance_m: Option<Distance>,
}

/// Payload of `plan.activated`, `plan.completed`, `plan.abandoned` and `plan.deleted`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanStatusChanged {
    /// The plan.
    pub plan_id: PlanId,
}

/// Payload of `workout.scheduled`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutScheduled {
    /// The plan it belongs to.
    pub plan_id: PlanId,
    /// The new workout.
    pub workout_id: WorkoutId,
    /// Its day, when it has one.
    pub scheduled_date: Option<NaiveDate>,
    /// What it asks for.
    pub workout: WorkoutContent,
}

/// Payload of `workout.moved`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutMoved {
    /// The plan it belongs to.
    pub plan_id: PlanId,
    /// The workout.
    pub workout_id: WorkoutId,
    /// Its day now, when it has one.
    pub scheduled_date: Option<NaiveDate>,
}

/// Payload of `workout.changed`: the whole of what it asks for now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutChanged {
    /// The plan it belongs to.
    pub plan_id: PlanId,
    /// The workout.
    pub workout_id: WorkoutId,
    /// What it asks for now.
    pub workout: WorkoutContent,
}

/// Payload of `workout.completed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutCompleted {
    /// The plan it belongs to.
    pub plan_id: PlanId,
    /// The workout.
    pub workout_id: WorkoutId,
    /// The run that fulfilled it.
    pub run_id: RunId,
}

/// Payload of `workout.skipped`, `workout.reopened` and `workout.removed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutSettled {
    /// The plan it belongs to.
    pub plan_id: PlanId,
    /// The workout.
    pub workout_id: WorkoutId,
}
