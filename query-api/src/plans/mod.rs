//! Plans, and whose they are.

mod get;
mod list;
mod ownership;
mod row;

pub(crate) use get::{__path_get_plan, get_plan};
pub(crate) use list::{__path_list_plans, list_plans};
pub(crate) use ownership::require_own_plan;
