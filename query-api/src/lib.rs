//! Rows in, JSON out: every read of plans, workouts, runs and analytics.
//!
//! Each read belongs to the user it is authenticated as, or to the athlete whom that user names and coaches; what belongs
//! to another does not exist here. A read that
//! carries `Trainer-Position` waits until the rows show that event.

mod day_range;
mod document;
mod freshness;
mod list_problems;
mod plans;
mod progress;
mod reader;
mod router;
mod runs;
mod state;
mod summary;
mod unreadable_row;
mod versioned;
mod workouts;

pub use progress::{PlanProgress, PlanWeek};
pub use router::router;
pub use state::{Calendar, QueryState};
pub use summary::{RunPeriod, Summary};
