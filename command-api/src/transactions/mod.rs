//! What one can ask for, as whole commands: each loads the plans and runs it concerns, lets them
//! decide, and appends everything or nothing. They know nothing of HTTP, so the import uses them too.

mod correct_run;
mod create_plan;
mod delete_plan;
mod delete_run;
mod import_plan;
mod import_run;
mod match_run;
mod matching;
mod ownership;
mod precondition;
mod record_run;
mod refusal;
mod remove_workout;
mod reopen_workout;
mod request_export;
mod revise_plan;
mod revise_workout;
mod schedule_workouts;
mod settle_export;
mod skip_workout;
mod unreadable;

pub use correct_run::CorrectRun;
pub use create_plan::CreatePlan;
pub use delete_plan::DeletePlan;
pub use delete_run::DeleteRun;
pub use import_plan::{FirstStatus, ImportPlan};
pub use import_run::{ImportRun, Imported};
pub use match_run::{MatchRun, UnmatchRun};
pub use precondition::Precondition;
pub use record_run::RecordRun;
pub use refusal::Refusal;
pub use remove_workout::RemoveWorkout;
pub use reopen_workout::ReopenWorkout;
pub use request_export::RequestExport;
pub use revise_plan::RevisePlan;
pub use revise_workout::{PaceChange, ReviseWorkout};
pub use schedule_workouts::{ScheduleWorkouts, UnreadableWorkouts};
pub use settle_export::SettleExport;
pub use skip_workout::SkipWorkout;
pub use unreadable::Unreadable;
