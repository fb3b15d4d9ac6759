use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;

use crate::OwnerId;

/// An aggregate as two plain functions: decide what a command means, and fold what happened.
///
/// `cqrs-es` decides through an async sink and folds an event without its envelope. Our write path
/// needs neither the wait nor the loss: answers to clients carry `created_at` and `updated_at`, so
/// the time comes with each event. The rules never look at it.
pub trait Decider: Aggregate + Clone {
    /// What a command leads to in this state.
    ///
    /// # Errors
    /// Why the command is refused; nothing has happened then.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Error>;

    /// Folds one event that was recorded at `recorded_at`.
    fn apply_at(&mut self, event: Self::Event, recorded_at: DateTime<Utc>);

    /// Whose it is; `None` before its first event and after its deletion.
    fn owner(&self) -> Option<OwnerId>;
}
