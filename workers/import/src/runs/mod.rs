//! Lists of runs, as Strava's bulk export or as JSON, read row by row.

mod activity;
mod bulk_export;
mod json_element;
mod json_list;
mod limited;
mod moment;
mod place;
mod rows;

pub use place::Place;
pub use rows::{Row, Rows, RunOptions, read};
