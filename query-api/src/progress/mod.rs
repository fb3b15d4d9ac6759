//! How far a plan has come.

mod figures;
mod get;
mod tally;

pub use figures::{PlanProgress, PlanWeek};
pub(crate) use get::{
    __path_get_progress, __path_get_progress_by_its_other_path, get_progress,
    get_progress_by_its_other_path,
};
