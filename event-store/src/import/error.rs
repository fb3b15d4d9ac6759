use std::ops::RangeInclusive;

use domain::{DecodeError, OwnerId, Part};
use uuid::Uuid;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There are events already.
    #[error("the store has events up to position {head}, and only an empty one can be filled")]
    NotEmpty {
        /// The last one's position.
        head: i64,
    },
    /// One of the events cannot be what a store has recorded.
    #[error("event {number}: {fault}")]
    Event {
        /// Which one, counted from 1.
        number: u64,
        /// What is wrong with it.
        #[source]
        fault: Fault,
    },
    /// Postgres failed.
    #[error("the event store's database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// What is wrong with an event.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Positions begin with 1 and rise.
    #[error("position {position} cannot come behind position {after}")]
    Position {
        /// Its position.
        position: i64,
        /// That of the event before it, 0 when there is none.
        after: i64,
    },
    /// Positions are missing before it that nobody's erasure explains.
    #[error(
        "positions {} to {} are missing before it, and nobody was erased after them",
        missing.start(), missing.end()
    )]
    Missing {
        /// Which ones.
        missing: RangeInclusive<i64>,
    },
    /// The events of a stream are numbered from 1, in the order of their positions.
    #[error(
        "it has sequence {sequence} of {aggregate_type} {aggregate_id}, where {expected} comes next"
    )]
    Sequence {
        /// What kind of aggregate it happened to.
        aggregate_type: String,
        /// Which one.
        aggregate_id: String,
        /// Its sequence.
        sequence: i64,
        /// The one that would be right.
        expected: i64,
    },
    /// A stream has two events with one sequence.
    #[error("an earlier event has sequence {sequence} of {aggregate_type} {aggregate_id} already")]
    SequenceTaken {
        /// What kind of aggregate it happened to.
        aggregate_type: String,
        /// Which one.
        aggregate_id: Uuid,
        /// The sequence.
        sequence: i64,
    },
    /// A stream belongs to one owner, from its first event on.
    #[error(
        "it belongs to {owner}, and the first event of {aggregate_type} {aggregate_id} to {first}"
    )]
    SecondOwner {
        /// What kind of aggregate it happened to.
        aggregate_type: String,
        /// Which one.
        aggregate_id: String,
        /// Whose it is.
        owner: OwnerId,
        /// Whose the first event is.
        first: OwnerId,
    },
    /// Its payload says that it happened to something else.
    #[error("its payload is about {said}, and it is an event of {aggregate_id}")]
    Aggregate {
        /// What the payload says.
        said: Uuid,
        /// What it is an event of.
        aggregate_id: Uuid,
    },
    /// Its payload says that it is somebody else's.
    #[error("its payload says that it is {said}'s, and it belongs to {owner}")]
    Owner {
        /// Whose it is by its payload.
        said: OwnerId,
        /// Whose it is.
        owner: OwnerId,
    },
    /// No two events have the same id.
    #[error("an earlier event has the id {0} already")]
    IdTaken(Uuid),
    /// The part follows from the owner.
    #[error("it is in part {part}, but its owner's part is {right}")]
    Part {
        /// Its part.
        part: Part,
        /// The right one.
        right: Part,
    },
    /// A kind of aggregate that this program does not know.
    #[error("unknown aggregate type {0}")]
    AggregateType(String),
    /// A type, version or payload that this program does not know.
    #[error(transparent)]
    Payload(#[from] DecodeError),
    /// The metadata are not what commands leave.
    #[error("its metadata are not texts by name: {0}")]
    Metadata(serde_json::Error),
    /// Its owner was erased before it.
    #[error("its owner {owner} was erased at position {tombstone}")]
    Erased {
        /// Whose it would be.
        owner: OwnerId,
        /// Where the tombstone is.
        tombstone: i64,
    },
    /// A tombstone says that somebody else than its owner was erased.
    #[error("it says that {erased} was erased, and belongs to {owner}")]
    Tombstone {
        /// Who was erased.
        erased: OwnerId,
        /// Whose it is.
        owner: OwnerId,
    },
    /// Postgres does not take it.
    #[error("{0}")]
    Refused(String),
}
