//! The events in a made-up Postgres.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use domain::{OwnerId, Part};
use event_store::RecordedEvent;
use uuid::Uuid;

#[derive(Default)]
pub(super) struct Table {
    /// Every event ever appended, by position from 1.
    log: Vec<Row>,
}

struct Row {
    event: RecordedEvent,
    at: Duration,
    /// Whether nothing is left of it.
    removed: bool,
}

impl Table {
    pub(super) fn append(&mut self, owner_id: OwnerId, event_id: Uuid, now: Duration) {
        let event = RecordedEvent {
            position: self.head() + 1,
            aggregate_type: Bytes::from_static(b"run"),
            aggregate_id: owner_id.0,
            sequence: 1,
            event_type: Bytes::from_static(b"run.recorded"),
            event_version: Bytes::from_static(b"1"),
            payload: Bytes::new(),
            metadata: Bytes::new(),
            owner_id,
            part: Part::of(owner_id),
            event_id,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        self.log.push(Row { event, at: now, removed: false });
    }

    pub(super) fn head(&self) -> i64 {
        self.log.len() as i64
    }

    /// The events that are there behind a position, in order.
    fn behind(&self, position: i64) -> impl DoubleEndedIterator<Item = &Row> {
        let from = usize::try_from(position).unwrap_or(0).min(self.log.len());
        self.log[from..].iter().filter(|row| !row.removed)
    }

    fn row(&self, position: i64) -> Option<&Row> {
        self.log.get(usize::try_from(position - 1).ok()?)
    }

    /// The first event from a position on that is there, before another.
    pub(super) fn first_there(&self, from: i64, before: i64) -> Option<i64> {
        let first = self.behind(from - 1).next()?.event.position;
        (first < before).then_some(first)
    }

    /// The id of the event at a position, whether it is still there or not.
    pub(super) fn id(&self, position: i64) -> Option<Uuid> {
        self.row(position).map(|row| row.event.event_id)
    }

    pub(super) fn last_position(&self) -> i64 {
        self.behind(0).next_back().map_or(0, |row| row.event.position)
    }

    pub(super) fn read_after(&self, position: i64, limit: i64) -> Vec<RecordedEvent> {
        self.behind(position).take(limit as usize).map(|row| row.event.clone()).collect()
    }

    pub(super) fn has_or_erased(&self, position: i64, event_id: Uuid) -> bool {
        self.row(position).is_some_and(|row| row.removed || row.event.event_id == event_id)
    }

    pub(super) fn last_position_recorded_before(&self, time: Option<Duration>) -> i64 {
        let Some(time) = time else { return 0 };
        self.behind(0).rfind(|row| row.at < time).map_or(0, |row| row.event.position)
    }

    pub(super) fn last_positions(&self, parts: &[Part], up_to: i64) -> Vec<(Part, i64)> {
        let before = self.behind(0).take_while(|row| row.event.position <= up_to);
        let last: HashMap<Part, i64> =
            before.map(|row| (row.event.part, row.event.position)).collect();
        last.into_iter().filter(|(part, _)| parts.contains(part)).collect()
    }

    /// The last event of a part before a position, of those that are there.
    pub(super) fn last_before(&self, part: Part, position: i64) -> Option<i64> {
        let before = self.behind(0).map(|row| &row.event);
        let mut before = before.rev().skip_while(|event| event.position >= position);
        before.find(|event| event.part == part).map(|event| event.position)
    }

    /// The last event of a part before a position, of all there ever were.
    pub(super) fn last_ever_before(&self, part: Part, position: i64) -> Option<i64> {
        let before = self.log.iter().map(|row| &row.event);
        let mut before = before.rev().skip_while(|event| event.position >= position);
        before.find(|event| event.part == part).map(|event| event.position)
    }

    /// Removes what an owner has before the last event of theirs; how far that is.
    pub(super) fn remove(&mut self, owner: OwnerId) -> Option<i64> {
        let mut theirs = self.log.iter_mut().rev().filter(|row| row.event.owner_id == owner);
        let tombstone = theirs.next()?.event.position;
        theirs.for_each(|row| row.removed = true);
        Some(tombstone)
    }
}
