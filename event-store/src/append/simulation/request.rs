//! What clients ask for, as `EventStore::execute` carries it out, and what they were told.

use chrono::DateTime;
use domain::{OwnerId, Part};
use simulation::Chance;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::process::{Full, Process};
use crate::StoreError;
use crate::append::{Keyed, NewEvent, Outcome, Pending, StreamWrite};

/// How often a command is decided again.
const RETRIES: u32 = 3;

/// One command of a client.
pub(super) struct Request {
    /// What it is about: requests with the same key are about the same.
    pub(super) intent: usize,
    pub(super) process: usize,
    pub(super) owner: Uuid,
    pub(super) key: Option<Uuid>,
    command_id: Uuid,
    /// Its streams, and how many events go to each.
    writes: Vec<(usize, usize)>,
    /// What it tried to append.
    pub(super) attempts: Vec<Attempt>,
    lost: u32,
    /// The head when it was asked for.
    pub(super) began_at: i64,
    pub(super) answer: Option<oneshot::Receiver<Result<Outcome, StoreError>>>,
    pub(super) end: End,
    /// Whether its process was killed.
    pub(super) orphaned: bool,
}

/// Events it tried to append, in order: stream, sequence and id.
pub(super) type Attempt = Vec<(usize, i64, Uuid)>;

/// What a client was told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum End {
    /// Nothing yet.
    Waiting,
    /// Done, up to this position.
    Acknowledged(i64),
    /// Done before, under the same key.
    Replayed(i64),
    /// Not done.
    Refused,
    /// Not done, for the owner was erased.
    Erased,
    /// Nothing, or that nobody knows.
    Unknown,
    /// Nothing, by a process that was there all the time.
    Forgotten,
}

impl Request {
    pub(super) fn new(
        intent: usize,
        process: usize,
        owner: Uuid,
        key: Option<Uuid>,
        writes: Vec<(usize, usize)>,
        began_at: i64,
        chance: &mut Chance,
    ) -> Self {
        let command_id = Uuid::from_u128(chance.id());
        Self {
            intent,
            process,
            owner,
            key,
            command_id,
            writes,
            attempts: Vec::new(),
            lost: 0,
            began_at,
            answer: None,
            end: End::Waiting,
            orphaned: false,
        }
    }

    /// The same once more, because nobody knows what became of it.
    pub(super) fn again(&self, process: usize, began_at: i64, chance: &mut Chance) -> Self {
        let writes = self.writes.clone();
        Self::new(self.intent, process, self.owner, self.key, writes, began_at, chance)
    }

    pub(super) fn streams(&self) -> impl Iterator<Item = usize> {
        self.writes.iter().map(|(stream, _)| *stream)
    }

    /// Decides on what the process believes, and submits.
    pub(super) fn submit(&mut self, process: &mut Process, chance: &mut Chance) {
        let mut attempt = Attempt::new();
        let mut writes = Vec::new();
        for (stream, count) in &self.writes {
            let expected = process.cache.get(stream).copied().unwrap_or(0);
            let events = (1..=*count as i64).map(|number| {
                // As in `Work`: the first event carries the command's id.
                let first = attempt.is_empty();
                let id = if first { self.command_id } else { Uuid::from_u128(chance.id()) };
                attempt.push((*stream, expected + number, id));
                NewEvent { event_id: id, event_type: "", event_version: "", payload: String::new() }
            });
            writes.push(StreamWrite {
                aggregate_type: "stream",
                events: events.collect(),
                aggregate_id: stream.to_string(),
                expected,
            });
        }
        let (reply, answer) = oneshot::channel();
        let pending = Pending {
            writes,
            keyed: self.key.map(|id| Keyed { id, request_hash: Vec::new(), answer: String::new() }),
            owner_id: self.owner,
            part: Part::of(OwnerId(self.owner)),
            metadata: String::new(),
            recorded_at: DateTime::UNIX_EPOCH,
            until: None,
            reply,
        };
        match process.submit(pending) {
            Ok(()) => {
                self.attempts.push(attempt);
                self.answer = Some(answer);
            }
            Err(Full) => self.end = End::Refused,
        }
    }

    /// Looks whether an answer has come; whether to decide again.
    pub(super) fn listen(&mut self, process: &mut Process) -> bool {
        let Some(answer) = &mut self.answer else { return false };
        let told = match answer.try_recv() {
            Ok(told) => told,
            Err(oneshot::error::TryRecvError::Empty) => return false,
            Err(oneshot::error::TryRecvError::Closed) => Err(StoreError::Closed),
        };
        self.answer = None;
        self.end = match told {
            Ok(Outcome::Appended { position }) => {
                for (stream, sequence, _) in self.attempts.last().into_iter().flatten() {
                    process.cache.insert(*stream, *sequence);
                }
                End::Acknowledged(position)
            }
            Ok(Outcome::Duplicate(stored)) => End::Replayed(stored.position),
            Ok(Outcome::Conflict) if self.lost < RETRIES => {
                self.lost += 1;
                return true;
            }
            // Whoever is told so may rely on it that nothing is stored.
            Ok(Outcome::Conflict)
            | Err(StoreError::Overloaded | StoreError::Late | StoreError::Database(_)) => {
                End::Refused
            }
            Err(StoreError::OwnerErased) => End::Erased,
            Err(StoreError::Closed) if !self.orphaned => End::Forgotten,
            Err(
                StoreError::Unanswered(_)
                | StoreError::Closed
                | StoreError::Decode(_)
                | StoreError::Encode(_),
            ) => End::Unknown,
        };
        false
    }
}
