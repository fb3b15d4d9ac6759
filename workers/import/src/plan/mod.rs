//! Training plans in the calendar-hack YAML form: weeks of seven days, each with a title and perhaps
//! a distance.

mod anchor;
mod file;
mod goal;
mod kind;
mod minutes;
mod node;
mod read;
mod title;
mod unit;

pub use anchor::Anchor;
pub use read::{PlanImport, PlanOptions, read};
pub use unit::Unit;
