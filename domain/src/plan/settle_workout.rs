use super::{Plan, PlanError, PlanEvent, WorkoutCompleted, WorkoutSettled, WorkoutStatus};
use crate::{RunId, WorkoutId};

/// Leaves a workout out on purpose.
#[derive(Debug, Clone)]
pub struct SkipWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
}

impl SkipWorkout {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let Self { workout_id } = self;
        let workout = plan.workout(workout_id)?;
        if let Some(run_id) = workout.run_id {
            return Err(PlanError::CompletedBy { run_id });
        }
        let plan_id = plan.body()?.plan_id;
        match workout.status {
            WorkoutStatus::Planned => {
                Ok(vec![PlanEvent::WorkoutSkipped(WorkoutSettled { plan_id, workout_id })])
            }
            // Clients retry: a skipped workout is already skipped.
            WorkoutStatus::Skipped | WorkoutStatus::Completed => Ok(vec![]),
        }
    }
}

/// Takes a skipped workout up again.
#[derive(Debug, Clone)]
pub struct ReopenWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
    /// The run that is being taken from it in the same commit, when that is why.
    pub released_by: Option<RunId>,
}

impl ReopenWorkout {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let Self { workout_id, released_by } = self;
        let workout = plan.workout(workout_id)?;
        // A completed workout is reopened by taking its run away, or the run would still say it fulfilled it.
        if let Some(run_id) = workout.run_id.filter(|run_id| released_by != Some(*run_id)) {
            return Err(PlanError::CompletedBy { run_id });
        }
        let plan_id = plan.body()?.plan_id;
        match workout.status {
            WorkoutStatus::Planned => Ok(vec![]),
            WorkoutStatus::Skipped | WorkoutStatus::Completed => {
                Ok(vec![PlanEvent::WorkoutReopened(WorkoutSettled { plan_id, workout_id })])
            }
        }
    }
}

/// Says that a run fulfilled a workout. A skipped workout may be fulfilled after all.
#[derive(Debug, Clone)]
pub struct CompleteWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
    /// The run.
    pub run_id: RunId,
}

impl CompleteWorkout {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let Self { workout_id, run_id } = self;
        let workout = plan.workout(workout_id)?;
        let plan_id = plan.body()?.plan_id;
        match workout.run_id {
            // Clients retry: the same run has already completed it.
            Some(by) if by == run_id => Ok(vec![]),
            Some(by) => Err(PlanError::CompletedBy { run_id: by }),
            None => Ok(vec![PlanEvent::WorkoutCompleted(WorkoutCompleted {
                plan_id,
                workout_id,
                run_id,
            })]),
        }
    }
}
