//! Plans, workouts and runs as clients see them: the same JSON whether a command answers with what
//! it just wrote or a query with what it read.

mod plan;
mod quantity;
mod run;
mod word;
mod workout;

#[cfg(test)]
mod tests;

pub use plan::PlanResource;
pub use quantity::{instant, kilometres, minutes, started_at};
pub use run::{RunPace, RunResource};
pub use word::{
    WorkoutState, plan_status_schema, run_source_schema, workout_state_schema, workout_type_schema,
};
pub use workout::WorkoutResource;
