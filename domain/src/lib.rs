//! The rules of Running Trainer: aggregates, commands, events and the values they are made of.
//!
//! Pure and synchronous. The time and new ids arrive inside the commands; nothing here reads a
//! clock, a database or the network.

mod decider;
mod id;
mod part;
pub mod plan;
pub mod plan_export;
pub mod run;
mod stored;
pub mod user;
mod value;

pub use decider::Decider;
pub use id::{ExportId, OwnerId, PlanId, RunId, WorkoutId};
pub use part::{PARTS, Part};
pub use stored::{DecodeError, StoredEvent};
pub use value::{
    Distance, Elevation, FieldViolation, Heartbeat, Minutes, Name, PaceRange, PerceivedEffort,
    Seconds, SecondsPerKm, Text, Violation,
};
