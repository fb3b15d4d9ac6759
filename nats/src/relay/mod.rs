//! The relay: publishes what Postgres holds, in order, exactly once.

mod error;
mod jetstream;
mod lead;
mod publisher;
mod standing;
mod surroundings;

pub use error::RelayError;
pub use lead::Relay;
#[cfg(test)]
pub(crate) use publisher::Publisher;
#[cfg(test)]
pub(crate) use surroundings::{Alarm, EventStream, Message, Publication, StreamState, Woken, Word};
