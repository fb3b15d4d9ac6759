use chrono::{DateTime, Utc};
use domain::Part;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use crate::StoreError;

/// A command's events, waiting to be appended, all or none.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) writes: Vec<StreamWrite>,
    pub(crate) keyed: Option<Keyed>,
    pub(crate) owner_id: Uuid,
    pub(crate) part: Part,
    pub(crate) metadata: String,
    pub(crate) recorded_at: DateTime<Utc>,
    /// Until when it may be sent; later, it is not.
    pub(crate) until: Option<Instant>,
    pub(crate) reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

impl Pending {
    pub(crate) fn event_count(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }

    /// Whether it comes too late to be sent now.
    pub(crate) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() > until)
    }
}

/// The events for one stream, and where it must stand.
#[derive(Debug)]
pub(crate) struct StreamWrite {
    pub(crate) aggregate_type: &'static str,
    pub(crate) aggregate_id: String,
    pub(crate) expected: i64,
    pub(crate) events: Vec<NewEvent>,
}

/// An event to append.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) event_id: Uuid,
    pub(crate) event_type: &'static str,
    pub(crate) event_version: &'static str,
    pub(crate) payload: String,
}

/// What is stored under a client's key.
#[derive(Debug)]
pub(crate) struct Keyed {
    pub(crate) id: Uuid,
    pub(crate) request_hash: Vec<u8>,
    pub(crate) answer: String,
}

/// What became of a command.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Its last event has this position; for a command without events, the head's.
    Appended { position: i64 },
    /// A stream does not stand where it was expected to.
    Conflict,
    /// Its key is stored already.
    Duplicate(StoredAnswer),
}

/// The answer that the first command under a key got.
#[derive(Debug, Clone)]
pub struct StoredAnswer {
    /// The digest of its request.
    pub request_hash: Vec<u8>,
    /// What its `Trainer-Position` said.
    pub position: i64,
    /// The answer as JSON.
    pub answer: String,
}
