use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{DecodeError, OwnerId, Part, StoredEvent};
use uuid::Uuid;

/// An event as it is stored and published, its payload and metadata still JSON text.
///
/// The texts are slices of the buffer they arrived in: a rebuild reads millions of them.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// Its place in the total order, from 1, dense.
    pub position: i64,
    /// What kind of aggregate it happened to, such as `run`.
    pub aggregate_type: Bytes,
    /// Which one.
    pub aggregate_id: Uuid,
    /// Its place in that one's stream, from 1.
    pub sequence: i64,
    /// What happened, such as `run.recorded`.
    pub event_type: Bytes,
    /// The version of its payload.
    pub event_version: Bytes,
    /// The payload as JSON.
    pub payload: Bytes,
    /// The metadata as JSON.
    pub metadata: Bytes,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// The part it is published in.
    pub part: Part,
    /// Its own id.
    pub event_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl RecordedEvent {
    /// What happened, such as `run.recorded`.
    #[must_use]
    pub fn event_type(&self) -> &str {
        text(&self.event_type)
    }

    /// What kind of aggregate it happened to, such as `run`.
    #[must_use]
    pub fn aggregate_type(&self) -> &str {
        text(&self.aggregate_type)
    }

    /// The version of its payload.
    #[must_use]
    pub fn event_version(&self) -> &str {
        text(&self.event_version)
    }

    /// Reads the payload.
    ///
    /// # Errors
    /// When the type, version or payload is not known.
    pub fn decode<E: StoredEvent>(&self) -> Result<E, DecodeError> {
        E::decode(self.event_type(), self.event_version(), &self.payload)
    }
}

fn text(bytes: &Bytes) -> &str {
    // Both sources, Postgres text and NATS headers, are UTF-8; anything else is no type we know.
    std::str::from_utf8(bytes).unwrap_or_default()
}
