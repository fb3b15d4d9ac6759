//! The writes, one file a noun.

mod plans;
mod router;
mod runs;
mod workouts;

pub use router::router;
