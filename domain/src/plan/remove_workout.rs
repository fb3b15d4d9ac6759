use super::{Plan, PlanError, PlanEvent, WorkoutSettled};
use crate::WorkoutId;

/// Takes a workout out of its plan. A run that fulfilled it stays; it loses its match in the same
/// commit.
#[derive(Debug, Clone)]
pub struct RemoveWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
}

impl RemoveWorkout {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let Self { workout_id } = self;
        plan.workout(workout_id)?;
        let plan_id = plan.body()?.plan_id;
        Ok(vec![PlanEvent::WorkoutRemoved(WorkoutSettled { plan_id, workout_id })])
    }
}
