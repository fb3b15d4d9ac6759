//! Runs, the newest first.

mod get;
mod list;
mod page;
mod row;

pub(crate) use get::{__path_get_run, get_run};
pub(crate) use list::{__path_list_runs, __path_list_runs_of_plan, list_runs, list_runs_of_plan};
