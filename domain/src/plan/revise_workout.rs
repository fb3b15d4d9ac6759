use chrono::NaiveDate;

use super::schedule_workouts::outside_plan;
use super::{
    Plan, PlanError, PlanEvent, WorkoutChanged, WorkoutContent, WorkoutMoved, WorkoutType,
};
use crate::{Distance, Minutes, Name, PaceRange, Text, WorkoutId};

/// Changes to a workout. What is `None` stays as it is; an inner `None` clears.
#[derive(Debug, Clone, Default)]
pub struct WorkoutRevision {
    /// A new name.
    pub name: Option<Name>,
    /// A new kind.
    pub workout_type: Option<WorkoutType>,
    /// A new description, or none.
    pub description: Option<Option<Text>>,
    /// A new day, or none.
    pub scheduled_date: Option<Option<NaiveDate>>,
    /// A new distance, or none.
    pub distance_m: Option<Option<Distance>>,
    /// A new duration, or none.
    pub duration_minutes: Option<Option<Minutes>>,
    /// A new pace, or none.
    pub target_pace_s_per_km: Option<Option<PaceRange>>,
}

/// Applies a revision to a workout; stores nothing when nothing changes.
#[derive(Debug, Clone)]
pub struct ReviseWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
    /// What to change.
    pub revision: WorkoutRevision,
}

impl ReviseWorkout {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let Self { workout_id, revision } = self;
        let body = plan.body()?;
        let plan_id = body.plan_id;
        let was = plan.workout(workout_id)?;
        let scheduled_date = revision.scheduled_date.unwrap_or(was.scheduled_date);
        if scheduled_date.is_some_and(|day| !body.details.spans(day)) {
            return Err(PlanError::Invalid(vec![outside_plan().of("scheduled_date")]));
        }
        let content = revised(&was.content, revision);
        let mut events = Vec::new();
        if scheduled_date != was.scheduled_date {
            events.push(PlanEvent::WorkoutMoved(WorkoutMoved {
                plan_id,
                workout_id,
                scheduled_date,
            }));
        }
        if content != was.content {
            events.push(PlanEvent::WorkoutChanged(WorkoutChanged {
                plan_id,
                workout_id,
                workout: content,
            }));
        }
        Ok(events)
    }
}

fn revised(was: &WorkoutContent, revision: WorkoutRevision) -> WorkoutContent {
    let WorkoutRevision {
        name,
        workout_type,
        description,
        scheduled_date: _,
        distance_m,
        duration_minutes,
        target_pace_s_per_km,
    } = revision;
    WorkoutContent {
        name: name.unwrap_or_else(|| was.name.clone()),
        workout_type: workout_type.unwrap_or(was.workout_type),
        description: description.unwrap_or_else(|| was.description.clone()),
        distance_m: distance_m.unwrap_or(was.distance_m),
        duration_minutes: duration_minutes.unwrap_or(was.duration_minutes),
        target_pace_s_per_km: target_pace_s_per_km.unwrap_or(was.target_pace_s_per_km),
    }
}
