use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

type Locks = HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>;

/// Lets the commands on one stream wait in line in this process, so that they do not lose races
/// against each other. The append's check, not this, keeps streams right.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    locks: Arc<Mutex<Locks>>,
}

impl Turns {
    /// Waits for this stream's turn.
    pub(crate) async fn take(&self, stream: Uuid) -> Turn {
        let lock = Arc::clone(
            self.locks.lock().unwrap_or_else(PoisonError::into_inner).entry(stream).or_default(),
        );
        let guard = Some(lock.lock_owned().await);
        Turn { stream, guard, locks: Arc::clone(&self.locks) }
    }
}

/// A stream's turn, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    stream: Uuid,
    guard: Option<OwnedMutexGuard<()>>,
    locks: Arc<Mutex<Locks>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.guard.take());
        // Nobody waits: only the map holds it. New takers need the map's lock, so none can come in between.
        if locks.get(&self.stream).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.stream);
        }
    }
}
