use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Plan, PlanError, PlanEvent, WorkoutContent, WorkoutScheduled};
use crate::{Violation, WorkoutId};

/// A workout to add.
#[derive(Debug, Clone)]
pub struct NewWorkout {
    /// Its id.
    pub workout_id: WorkoutId,
    /// Its day, when it has one.
    pub scheduled_date: Option<NaiveDate>,
    /// What it asks for.
    pub content: WorkoutContent,
}

/// Adds workouts to a plan, all or none.
#[derive(Debug, Clone)]
pub struct ScheduleWorkouts {
    /// The workouts, in the order the client gave them.
    pub workouts: Vec<NewWorkout>,
    /// How the client's fields are called in refusals.
    pub fields: WorkoutFields,
}

/// Whether a refusal names `scheduled_date` or `workouts[3].scheduled_date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkoutFields {
    /// The request is one workout.
    Single,
    /// The request is a list of them.
    List,
}

impl ScheduleWorkouts {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let body = plan.body()?;
        if plan.workouts.len() + self.workouts.len() > Plan::MAX_WORKOUTS {
            return Err(PlanError::TooManyWorkouts { max: Plan::MAX_WORKOUTS });
        }
        let outside = self.workouts.iter().enumerate().filter(|(_, workout)| {
            workout.scheduled_date.is_some_and(|day| !body.details.spans(day))
        });
        let violations: Vec<_> = outside
            .map(|(index, _)| {
                let field = match self.fields {
                    WorkoutFields::Single => "scheduled_date".to_owned(),
                    WorkoutFields::List => format!("workouts[{index}].scheduled_date"),
                };
                outside_plan().of(field)
            })
            .collect();
        if !violations.is_empty() {
            return Err(PlanError::Invalid(violations));
        }
        let mut seen = BTreeSet::new();
        for NewWorkout { workout_id, .. } in &self.workouts {
            if plan.workouts.contains_key(workout_id) || !seen.insert(*workout_id) {
                return Err(PlanError::WorkoutAlreadyExists { workout_id: *workout_id });
            }
        }
        let plan_id = body.plan_id;
        let scheduled =
            self.workouts.into_iter().map(|NewWorkout { workout_id, scheduled_date, content }| {
                PlanEvent::WorkoutScheduled(WorkoutScheduled {
                    plan_id,
                    workout_id,
                    scheduled_date,
                    workout: content,
                })
            });
        Ok(scheduled.collect())
    }
}

/// What is wrong with a day that its plan does not span.
#[must_use]
pub fn outside_plan() -> Violation {
    Violation::new("outside_plan", "must lie within the plan")
}
