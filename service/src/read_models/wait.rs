use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{PARTS, Part};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::poll;
use super::positions::{Asked, Positions, Ticket};

/// What became of waiting for the read models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// They show everything up to the position.
    Reached,
    /// They do not yet.
    TimedOut,
}

/// How far the read models have come, for those who wait for it. Cheap to clone; clones share what they know.
///
/// It learns of progress from a projector in the same process ([`announce`](Self::announce)), from other processes over
/// NATS ([`follow_nats`](Self::follow_nats)), and, when somebody has waited for a moment and heard nothing, from
/// Postgres: one poller for all who wait.
#[derive(Debug, Clone)]
pub struct ReadModels {
    known: Arc<Known>,
    _poller: Arc<AbortOnDrop>,
}

#[derive(Debug)]
pub(super) struct Known {
    positions: Mutex<Positions>,
    /// The same as in `positions`, to be read without the lock by those who need not wait.
    lowest: [AtomicU64; PARTS as usize],
    pub(super) waiting: Notify,
}

#[derive(Debug)]
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ReadModels {
    /// Of the projections whose checkpoints lie in this database. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        let known = Arc::new(Known {
            positions: Mutex::default(),
            lowest: [const { AtomicU64::new(0) }; PARTS as usize],
            waiting: Notify::new(),
        });
        let poller = tokio::spawn(poll::run(known.clone(), pool));
        Self { known, _poller: Arc::new(AbortOnDrop(poller.abort_handle())) }
    }

    /// Takes note that a projection has committed everything of some parts up to a position. Bit n stands for part n.
    pub fn announce(&self, projection: &str, parts: u64, position: u64) {
        self.known.change(|positions| positions.advance(projection, parts, position));
    }

    /// Waits until every read model shows everything of a part up to `position`, for at most `timeout`.
    pub async fn wait_for(&self, part: Part, position: u64, timeout: Duration) -> Waited {
        if position <= self.position(part) {
            return Waited::Reached;
        }
        let (ticket, woken) = match self.known.lock().ask(part, position) {
            Asked::Reached => return Waited::Reached,
            Asked::Waiting(ticket, woken) => (ticket, woken),
        };
        self.known.waiting.notify_one();
        // Also for who hangs up while waiting.
        let _place = Place { known: &self.known, position, ticket };
        match tokio::time::timeout(timeout, woken).await {
            Ok(Ok(())) => Waited::Reached,
            Ok(Err(_)) | Err(_) => Waited::TimedOut,
        }
    }

    /// The position that every read model has reached with a part, so far as is known here.
    #[must_use]
    pub fn position(&self, part: Part) -> u64 {
        self.known.lowest[usize::from(part.number())].load(Ordering::Acquire)
    }
}

impl Known {
    pub(super) fn lock(&self) -> MutexGuard<'_, Positions> {
        // Nothing that runs under the lock panics halfway.
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Positions)) {
        let mut positions = self.lock();
        change(&mut positions);
        for (seen, lowest) in self.lowest.iter().zip(positions.lowest()) {
            seen.store(*lowest, Ordering::Release);
        }
    }
}

/// A place among the waiters, left when dropped.
struct Place<'a> {
    known: &'a Known,
    position: u64,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.known.lock().give_up(self.position, self.ticket);
    }
}
