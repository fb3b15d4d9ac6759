use super::{PlanStatus, WorkoutsOutside};
use crate::{FieldViolation, RunId, WorkoutId};

/// Why a plan refused a command.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// No such plan, or it was deleted.
    #[error("there is no such plan")]
    NotFound,
    /// No such workout in the plan, or it was removed.
    #[error("there is no such workout")]
    WorkoutNotFound,
    /// The plan's id is taken.
    #[error("the plan already exists")]
    AlreadyExists,
    /// A workout's id is taken.
    #[error("workout {workout_id} already exists")]
    WorkoutAlreadyExists {
        /// The id.
        workout_id: WorkoutId,
    },
    /// Fields break rules.
    #[error("{} field(s) break a rule", .0.len())]
    Invalid(Vec<FieldViolation>),
    /// A plan cannot go from one status to the other.
    #[error("a plan that is {} cannot become {}", from.as_str(), to.as_str())]
    StatusChange {
        /// Where it stands.
        from: PlanStatus,
        /// What was asked.
        to: PlanStatus,
    },
    /// New dates would leave workouts outside the plan.
    #[error("{}", WorkoutsOutside(.0))]
    WorkoutsOutside(Vec<(WorkoutId, String)>),
    /// The workout is completed, by this run.
    #[error("the workout is completed by run {run_id}")]
    CompletedBy {
        /// The run.
        run_id: RunId,
    },
    /// More workouts than a plan may hold.
    #[error("a plan holds at most {max} workouts")]
    TooManyWorkouts {
        /// The limit.
        max: usize,
    },
}
