use crate::{FieldViolation, WorkoutId};

/// Why a run refused a command.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RunError {
    /// No such run, or it was deleted.
    #[error("there is no such run")]
    NotFound,
    /// The run's id is taken: it was recorded before, and may have been deleted since.
    #[error("the run was already recorded")]
    AlreadyRecorded,
    /// Fields break rules.
    #[error("{} field(s) break a rule", .0.len())]
    Invalid(Vec<FieldViolation>),
    /// It fulfils another workout.
    #[error("the run is matched with workout {workout_id}")]
    MatchedWith {
        /// That workout.
        workout_id: WorkoutId,
    },
    /// It fulfils no workout.
    #[error("the run is not matched with a workout")]
    NotMatched,
}
