//! What a runner's runs add up to.

mod figures;
mod get;
mod streaks;
mod totals;

pub(crate) use figures::short_kilometres;
pub use figures::{RunPeriod, Summary};
pub(crate) use get::{__path_get_summary, get_summary};
