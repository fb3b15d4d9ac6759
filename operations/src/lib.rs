//! HTTP for operators: how projections stand, rebuilding, comparing and verifying them, and parked streams.
//!
//! For administrators only. What runners have recorded is theirs: answers name rows and events, and do not show them.

mod checks;
mod generations;
mod keyed;
mod operator;
mod parked;
mod problems;
mod projections;
mod router;
mod state;

pub use router::router;
pub use state::OperationsState;
