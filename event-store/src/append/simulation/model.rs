//! What `es.append` and the tables of schema `es` do, in memory.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::StoredAnswer;
use crate::append::columns::{AppendRow, Columns};

/// A batch as it travels.
pub(super) struct Sheet {
    owners: Vec<Uuid>,
    writes: Vec<(usize, i64)>,
    keys: Vec<(Uuid, Uuid, i64)>,
    events: Vec<Stored>,
}

/// A row of `es.events`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stored {
    pub(super) position: i64,
    pub(super) stream: usize,
    pub(super) sequence: i64,
    pub(super) event_id: Uuid,
    pub(super) owner: Uuid,
}

/// An event that is looked for.
pub(super) struct Sought {
    pub(super) stream: usize,
    pub(super) sequence: i64,
    pub(super) event_id: Uuid,
    pub(super) events_before: i64,
}

impl Sheet {
    pub(super) fn of(columns: &Columns<'_>) -> Self {
        let stream = |name: &str| name.parse().expect("a stream of the simulation");
        let writes = columns.write_stream.iter().zip(&columns.write_expected);
        let keys = columns.key_id.iter().zip(&columns.key_owner).zip(&columns.key_events);
        let events = columns.aggregate_id.iter().zip(&columns.sequence);
        let events = events.zip(columns.event_id.iter().zip(&columns.owner));
        Self {
            owners: columns.command_owner.clone(),
            writes: writes.map(|(name, expected)| (stream(name), *expected)).collect(),
            keys: keys.map(|((id, owner), events)| (*id, *owner, i64::from(*events))).collect(),
            events: events
                .map(|((name, sequence), (event_id, owner))| Stored {
                    position: 0,
                    stream: stream(name),
                    sequence: *sequence,
                    event_id: *event_id,
                    owner: *owner,
                })
                .collect(),
        }
    }
}

/// The tables.
#[derive(Default)]
pub(super) struct Model {
    pub(super) head: i64,
    /// Every event ever appended, those that were erased since too.
    pub(super) log: Vec<Stored>,
    /// How far each stream is, by what is there.
    sequences: HashMap<usize, i64>,
    keys: HashMap<Uuid, (Uuid, i64)>,
    erased: HashSet<Uuid>,
    removed: HashSet<Uuid>,
}

impl Model {
    /// `es.append`, statement by statement. An error is a broken constraint.
    pub(super) fn append(&mut self, sheet: &Sheet) -> Result<Vec<AppendRow>, String> {
        let row = |outcome: &str, index: usize| AppendRow {
            outcome: outcome.to_owned(),
            item: index as i32 + 1,
            value: 0,
        };
        let erased = indexes(&sheet.owners, |owner| self.erased.contains(owner));
        if !erased.is_empty() {
            return Ok(erased.into_iter().map(|index| row("erased", index)).collect());
        }
        let conflicts =
            indexes(&sheet.writes, |(stream, expected)| self.sequence(*stream) != *expected);
        if !conflicts.is_empty() {
            return Ok(conflicts.into_iter().map(|index| row("conflict", index)).collect());
        }
        let duplicates = indexes(&sheet.keys, |(key, ..)| self.keys.contains_key(key));
        if !duplicates.is_empty() {
            return Ok(duplicates.into_iter().map(|index| row("duplicate", index)).collect());
        }
        for (index, (key, ..)) in sheet.keys.iter().enumerate() {
            if sheet.keys[..index].iter().any(|(other, ..)| other == key) {
                return Err(format!("key {key} comes twice in one batch"));
            }
        }
        for (index, event) in sheet.events.iter().enumerate() {
            let same =
                |other: &Stored| (other.stream, other.sequence) == (event.stream, event.sequence);
            if sheet.events[..index].iter().any(same) {
                return Err(format!("stream {} comes twice in one batch", event.stream));
            }
        }
        for (key, owner, events) in &sheet.keys {
            self.keys.insert(*key, (*owner, self.head + events));
        }
        let before = self.head;
        for event in &sheet.events {
            self.head += 1;
            self.log.push(Stored { position: self.head, ..*event });
            self.sequences.insert(event.stream, event.sequence);
        }
        Ok(vec![AppendRow { outcome: "appended".to_owned(), item: 0, value: before }])
    }

    /// How far a stream is.
    pub(super) fn sequence(&self, stream: usize) -> i64 {
        self.sequences.get(&stream).copied().unwrap_or(0)
    }

    /// The head before the batch that one of these events came with, if one is there.
    pub(super) fn head_before(&self, sought: &[Sought]) -> Option<i64> {
        sought.iter().find_map(|sought| {
            let found = self.log.iter().find(|event| {
                (event.stream, event.sequence, event.event_id)
                    == (sought.stream, sought.sequence, sought.event_id)
            })?;
            let there = !self.removed.contains(&found.owner);
            there.then_some(found.position - 1 - sought.events_before)
        })
    }

    pub(super) fn stored_answer(&self, key: Uuid) -> Option<StoredAnswer> {
        let (_, position) = self.keys.get(&key)?;
        let answer =
            StoredAnswer { request_hash: Vec::new(), position: *position, answer: String::new() };
        Some(answer)
    }

    /// Begins an erasure: the tombstone, and nothing more for this owner.
    pub(super) fn erase(&mut self, owner: Uuid, tombstone_stream: usize, event_id: Uuid) {
        if self.erased.insert(owner) {
            self.head += 1;
            self.log.push(Stored {
                position: self.head,
                stream: tombstone_stream,
                sequence: 1,
                event_id,
                owner: Uuid::nil(),
            });
        }
    }

    /// Removes what an owner has left, once they are erased.
    pub(super) fn remove(&mut self, owner: Uuid) {
        if self.erased.contains(&owner) {
            self.removed.insert(owner);
            self.keys.retain(|_, (of, _)| *of != owner);
            let theirs = self.log.iter().filter(|event| event.owner == owner);
            let theirs: Vec<usize> = theirs.map(|event| event.stream).collect();
            self.sequences.retain(|stream, _| !theirs.contains(stream));
        }
    }

    pub(super) fn is_erased(&self, owner: Uuid) -> bool {
        self.erased.contains(&owner)
    }
}

fn indexes<T>(items: &[T], bad: impl Fn(&T) -> bool) -> Vec<usize> {
    items.iter().enumerate().filter(|(_, item)| bad(item)).map(|(index, _)| index).collect()
}
