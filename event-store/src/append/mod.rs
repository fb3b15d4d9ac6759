//! The write path: commands that wait are appended together, in one round trip and one commit.

mod appender;
mod batch;
mod batcher;
mod claims;
mod columns;
mod ledger;
mod pending;
mod postgres;
mod settle;
#[cfg(test)]
mod simulation;

pub(crate) use appender::{Appender, AppenderConfig};
pub use pending::StoredAnswer;
pub(crate) use pending::{Keyed, NewEvent, Outcome, Pending, StreamWrite};
