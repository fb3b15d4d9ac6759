//! Publishes events again, on a subject of their reader's choice: for a subscriber that has missed them.

mod publish_again;
mod subject;

pub use publish_again::{Replay, ReplayError, Republished};
pub use subject::{ReplaySubject, ReplaySubjectError};
