//! What clients send: each request's fields, read into what a transaction takes, with every wrong
//! field named at once.

mod plan;
mod read_only;
mod run;
mod workout;

pub(crate) use plan::{
    NewPlan, PlanChanges, PlanFields, WorkoutsMove, new_plan, plan_changes, whole_plan,
};
pub(crate) use run::{
    MatchFields, NewRun, ReadRun, RunChanges, RunFields, match_fields, new_run, run_changes,
    whole_run,
};
pub(crate) use workout::{
    NewWorkouts, ReadWorkout, WorkoutChanges, WorkoutFields, WorkoutsFields, new_workout,
    new_workouts, whole_workout, workout_changes,
};
