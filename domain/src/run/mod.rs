//! A run: how far, how long, how hard, and which workout it fulfilled.

mod aggregate;
mod correct_run;
mod delete_run;
mod details;
mod error;
mod event;
mod match_run;
mod pace;
mod record_run;
mod source;

pub use aggregate::{Match, Run, RunCommand};
pub use correct_run::{CorrectRun, RunRevision};
pub use delete_run::DeleteRun;
pub use details::{
    RunDetails, beginning_violation, day_violation, effort_violation, pace_violation,
};
pub use error::RunError;
pub use event::{RunCorrected, RunDeleted, RunEvent, RunMatched, RunRecorded};
pub use match_run::{MatchRun, UnmatchRun};
pub use pace::{Pace, average_pace};
pub use record_run::RecordRun;
pub use source::Source;
