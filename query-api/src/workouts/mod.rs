//! Workouts, and where they stand today.

mod get;
mod list;
mod page;
mod row;

pub(crate) use get::{__path_get_workout, get_workout};
pub(crate) use list::{
    __path_list_workouts, __path_list_workouts_of_plan, list_workouts, list_workouts_of_plan,
};
pub(crate) use row::status;
