//! Events that cannot be applied, the streams that wait for them, and what operators do about it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::error::Error;
use std::fmt;

use domain::DecodeError;
use event_store::RecordedEvent;
use sqlx::error::{DatabaseError, ErrorKind};
use uuid::Uuid;

use super::{PROJECTION, Rows};
use crate::ProjectorError;
use crate::checkpoint::Step;
use crate::course::Course;
use crate::shares::Parts;

/// Why an event cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulation) enum Poison {
    /// A newer program has written it; the error says which event it is.
    Unreadable,
    /// What comes of it has no place in the tables; Postgres does not say which event that was.
    DoesNotFit,
}

/// What an operator does about a parked stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulation) enum Decision {
    Retry,
    Drop,
}

impl Rows {
    fn poison_of(&self, event: &RecordedEvent) -> Option<Poison> {
        self.poisons.get(&event.position).copied()
    }

    pub(super) fn is_readable(&self, event: &RecordedEvent) -> Result<(), ProjectorError> {
        if self.poison_of(event) != Some(Poison::Unreadable) {
            return Ok(());
        }
        let (event_type, event_version) = ("run.recorded".to_owned(), "99".to_owned());
        let source = DecodeError::Unknown { event_type, event_version };
        Err(ProjectorError::Event { position: event.position, source })
    }

    pub(super) fn fits(&self, event: &RecordedEvent) -> Result<(), ProjectorError> {
        if self.poison_of(event) != Some(Poison::DoesNotFit) {
            return Ok(());
        }
        Err(ProjectorError::Database(sqlx::Error::Database(Box::new(OutOfRange))))
    }

    /// Parks an event's stream and moves the checkpoint over the event.
    pub(in crate::simulation) fn park(
        &mut self,
        event: &RecordedEvent,
        step: Step,
    ) -> Result<(), ProjectorError> {
        self.fenced(step.epoch, step.from)?.position = step.to;
        self.written = true;
        let position = event.position;
        if !self.poisons.contains_key(&position) && !self.mended.contains(&position) {
            self.violate(|| format!("{position} is parked, and nothing was ever wrong with it"));
        }
        if let Some(before) = self.parked.insert(event.aggregate_id, position) {
            self.violate(|| format!("{position} is parked, and its stream waits since {before}"));
        }
        Ok(())
    }

    /// The parked streams of some parts, by position.
    pub(in crate::simulation) fn parked(&self, parts: Parts) -> Vec<(String, Uuid)> {
        self.parked_of(parts).into_iter().map(|(_, stream)| stream).collect()
    }

    /// The first of them that is stuck behind a position, and where.
    pub(in crate::simulation) fn parked_behind(
        &self,
        parts: Parts,
        after: i64,
    ) -> Option<(i64, (String, Uuid))> {
        self.parked_of(parts).into_iter().find(|(position, _)| *position > after)
    }

    fn parked_of(&self, parts: Parts) -> Vec<(i64, (String, Uuid))> {
        let positions: BTreeSet<i64> = self.parked.values().copied().collect();
        let parked = positions.into_iter().filter_map(|position| self.event(position));
        parked
            .filter(|event| parts.contains(event.part))
            .map(|event| (event.position, (event.aggregate_type().to_owned(), event.aggregate_id)))
            .collect()
    }

    pub(in crate::simulation) fn dropped(&self) -> HashSet<i64> {
        self.dropped.clone()
    }

    fn event(&self, position: i64) -> Option<&RecordedEvent> {
        self.log.get(usize::try_from(position - 1).ok()?)
    }

    /// Tries a parked stream again, for whoever has taken its share over; whether it waits no more.
    pub(in crate::simulation) fn retry(
        &mut self,
        course: &Course,
        stream: Uuid,
    ) -> Result<bool, ProjectorError> {
        self.fenced(course.epoch, course.position)?;
        Ok(self.apply_waiting(stream, course.position, &course.dropped))
    }

    /// An operator decides about the one that waits longest, or another one; about none, if none waits.
    pub(in crate::simulation) fn operate(&mut self, stream: Uuid, decision: Decision) {
        let Some(event) = self.parked.get(&stream).and_then(|position| self.event(*position))
        else {
            return;
        };
        let (position, part) = (event.position, event.part);
        let share = self.checkpoints.iter().find(|(_, at)| at.parts.contains(part));
        let Some((share, up_to)) = share.map(|(share, at)| (*share, at.position)) else { return };
        let _fences = self.begin_epoch(share);
        if decision == Decision::Drop {
            self.dropped.insert(position);
        }
        self.apply_waiting(stream, up_to, &self.dropped.clone());
    }

    pub(in crate::simulation) fn parked_streams(&self) -> Vec<Uuid> {
        self.parked.keys().copied().collect()
    }

    /// Parked streams whose first event can be applied by now.
    pub(in crate::simulation) fn streams_that_need_not_wait(&self) -> Vec<Uuid> {
        let free = self.parked.iter().filter(|(_, position)| !self.poisons.contains_key(position));
        free.map(|(stream, _)| *stream).collect()
    }

    /// A newer program can apply what an older one could not: one event in so many, beginning with this one.
    pub(in crate::simulation) fn mend(&mut self, first: usize, step: usize) {
        let poisoned: Vec<i64> = self.poisons.keys().copied().collect();
        for position in poisoned.into_iter().skip(first).step_by(step) {
            self.poisons.remove(&position);
            self.mended.insert(position);
        }
    }

    fn apply_waiting(&mut self, stream: Uuid, up_to: i64, dropped: &HashSet<i64>) -> bool {
        let Some(from) = self.parked.get(&stream).copied() else { return true };
        self.written = true;
        let waits = |event: &&RecordedEvent| {
            event.aggregate_id == stream && (from..=up_to).contains(&event.position)
        };
        let waiting: Vec<_> = self.log.iter().filter(waits).cloned().collect();
        for event in waiting.into_iter().filter(|event| !dropped.contains(&event.position)) {
            if self.poison_of(&event).is_some() {
                self.parked.insert(stream, event.position);
                return false;
            }
            self.write(&event);
        }
        self.parked.remove(&stream);
        true
    }

    /// Makes all rows anew, up to a position: what cannot be applied is parked in them as it comes.
    pub(super) fn build_up_to(&mut self, position: i64) {
        self.applied.clear();
        self.last.clear();
        self.parked.clear();
        let log: Vec<_> = self.log.iter().take(position as usize).cloned().collect();
        for event in log.iter().filter(|event| PROJECTION.folds(event)) {
            if self.dropped.contains(&event.position)
                || self.parked.contains_key(&event.aggregate_id)
            {
                continue;
            }
            if self.poison_of(event).is_some() {
                self.parked.insert(event.aggregate_id, event.position);
            } else {
                self.write(event);
            }
        }
    }
}

/// What Postgres says of a number that does not fit its column.
#[derive(Debug)]
struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of range")
    }
}

impl Error for OutOfRange {}

impl DatabaseError for OutOfRange {
    fn message(&self) -> &str {
        "out of range"
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some("22003".into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
