//! A training plan: a calendar of workouts on the way to a goal.
//!
//! The plan owns its workouts, so that "a workout lies within its plan" is one rule in one place
//! and the plan's stream is its whole history.

mod aggregate;
mod create_plan;
mod delete_plan;
mod details;
mod error;
mod event;
mod remove_workout;
mod revise_plan;
mod revise_workout;
mod schedule_workouts;
mod settle_workout;
mod status;
mod workout;

pub use aggregate::{Plan, PlanCommand, ScheduledWorkout};
pub use create_plan::CreatePlan;
pub use delete_plan::DeletePlan;
pub use details::{PlanDetails, dates_violation, goal_violation};
pub use error::PlanError;
pub use event::{
    GoalChanged, PlanCreated, PlanDescribed, PlanEvent, PlanRenamed, PlanRescheduled,
    PlanStatusChanged, WorkoutChanged, WorkoutCompleted, WorkoutMoved, WorkoutScheduled,
    WorkoutSettled,
};
pub use remove_workout::RemoveWorkout;
pub use revise_plan::{PlanRevision, RevisePlan, ShiftWorkouts, WorkoutsOutside};
pub use revise_workout::{ReviseWorkout, WorkoutRevision};
pub use schedule_workouts::{NewWorkout, ScheduleWorkouts, WorkoutFields, outside_plan};
pub use settle_workout::{CompleteWorkout, ReopenWorkout, SkipWorkout};
pub use status::PlanStatus;
pub use workout::{UnknownWord, WorkoutContent, WorkoutStatus, WorkoutType};
