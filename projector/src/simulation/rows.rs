//! Made-up rows, checkpoints and leases.

mod parking;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;
use chrono::DateTime;
use domain::{OwnerId, PARTS, Part};
use event_store::RecordedEvent;
use uuid::Uuid;

pub(super) use self::parking::{Decision, Poison};
use crate::checkpoint::{Generation, Step};
use crate::course::Course;
use crate::shares::{Parts, Share, Situation};
use crate::{Projection, ProjectorError};

const PROJECTION: Projection = Projection::Runs;

const NO_CHECKPOINT: ProjectorError =
    ProjectorError::NoCheckpoint { projection: "runs", generation: "live" };

/// A connection that holds a lease, or shows that somebody stands by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Session {
    pub(super) process: usize,
    /// Which of those that had this number the process is.
    pub(super) life: u64,
    pub(super) number: u64,
}

pub(super) struct Rows {
    log: Vec<RecordedEvent>,
    checkpoints: BTreeMap<i16, Checkpoint>,
    epochs: i64,
    paused: bool,
    /// Positions whose events are in the rows.
    applied: HashSet<i64>,
    /// The last of each stream.
    last: HashMap<Uuid, i64>,
    /// Positions whose events cannot be applied, and why.
    poisons: BTreeMap<i64, Poison>,
    /// Those that could not, and can now.
    mended: HashSet<i64>,
    /// Parked streams, and from which position on they wait.
    parked: BTreeMap<Uuid, i64>,
    /// Positions that an operator has decided to pass over.
    dropped: HashSet<i64>,
    leases: BTreeMap<i16, Session>,
    standing_by: BTreeSet<Session>,
    /// Sessions that have ended: what comes from them still does not count.
    ended: HashSet<Session>,
    /// Who shows no sign of life.
    pub(super) hung: HashSet<usize>,
    /// Whether something was written that has not been checked.
    written: bool,
    /// What must not happen, and did.
    violation: Option<String>,
}

#[derive(Clone, Copy)]
struct Checkpoint {
    parts: Parts,
    epoch: i64,
    position: i64,
}

impl Rows {
    pub(super) fn new() -> Self {
        let mut rows = Self {
            log: Vec::new(),
            checkpoints: BTreeMap::new(),
            epochs: 0,
            paused: false,
            applied: HashSet::new(),
            last: HashMap::new(),
            poisons: BTreeMap::new(),
            mended: HashSet::new(),
            parked: BTreeMap::new(),
            dropped: HashSet::new(),
            leases: BTreeMap::new(),
            standing_by: BTreeSet::new(),
            ended: HashSet::new(),
            hung: HashSet::new(),
            written: false,
            violation: None,
        };
        let epoch = rows.epoch();
        rows.checkpoints.insert(0, Checkpoint { parts: Parts::ALL, epoch, position: 0 });
        rows
    }

    fn epoch(&mut self) -> i64 {
        self.epochs += 1;
        self.epochs
    }

    // --- Events ---

    /// Appends an event to a stream of an owner; answers it as others hear of it.
    pub(super) fn append(
        &mut self,
        owner_id: OwnerId,
        kind: &'static str,
        stream: u128,
        poison: Option<Poison>,
    ) -> RecordedEvent {
        let event = RecordedEvent {
            position: self.head() + 1,
            aggregate_type: Bytes::from_static(kind.as_bytes()),
            aggregate_id: Uuid::from_u128(owner_id.0.as_u128() ^ stream),
            sequence: 1,
            event_type: Bytes::from_static(b"run.recorded"),
            event_version: Bytes::from_static(b"1"),
            payload: Bytes::new(),
            metadata: Bytes::new(),
            owner_id,
            part: Part::of(owner_id),
            event_id: Uuid::nil(),
            recorded_at: DateTime::UNIX_EPOCH,
        };
        if let Some(poison) = poison.filter(|_| PROJECTION.folds(&event)) {
            self.poisons.insert(event.position, poison);
        }
        self.log.push(event.clone());
        event
    }

    pub(super) fn head(&self) -> i64 {
        self.log.len() as i64
    }

    pub(super) fn read(&self, after: i64, up_to: i64, limit: usize) -> Vec<RecordedEvent> {
        let behind = self.log.iter().skip(after as usize);
        behind.take_while(|event| event.position <= up_to).take(limit).cloned().collect()
    }

    // --- Checkpoints ---

    fn fenced(&mut self, epoch: i64, position: i64) -> Result<&mut Checkpoint, ProjectorError> {
        // As in Postgres: the epoch alone tells which share it is.
        self.checkpoints
            .values_mut()
            .find(|at| at.epoch == epoch && at.position == position)
            .ok_or(ProjectorError::Fenced)
    }

    fn violate(&mut self, violation: impl FnOnce() -> String) {
        self.violation.get_or_insert_with(violation);
    }

    pub(super) fn begin_epoch(&mut self, share: i16) -> Result<i64, ProjectorError> {
        let epoch = self.epoch();
        let at = self.checkpoints.get_mut(&share).ok_or(NO_CHECKPOINT)?;
        at.epoch = epoch;
        Ok(epoch)
    }

    pub(super) fn course(&self, share: i16) -> Result<Course, ProjectorError> {
        let at = self.checkpoints.get(&share).ok_or(NO_CHECKPOINT)?;
        Ok(Course {
            projection: PROJECTION,
            generation: Generation::Live,
            share,
            parts: at.parts,
            epoch: at.epoch,
            position: at.position,
            version: PROJECTION.version(),
            paused: self.paused,
            parked: HashSet::new(),
            dropped: HashSet::new(),
        })
    }

    /// Writes rows and checkpoint, or nothing.
    pub(super) fn project(
        &mut self,
        events: &[RecordedEvent],
        step: Step,
    ) -> Result<(), ProjectorError> {
        let Step { epoch, from, to, .. } = step;
        let events: Vec<_> = events.iter().filter(|event| PROJECTION.folds(event)).collect();
        for event in &events {
            self.is_readable(event)?;
        }
        let parts = self.fenced(epoch, from)?.parts;
        for event in &events {
            self.fits(event)?;
        }
        self.fenced(epoch, from)?.position = to;
        self.written = true;
        for event in events {
            let position = event.position;
            if !parts.contains(event.part) {
                self.violate(|| format!("{position} is written, and not one of {parts}"));
            }
            if position <= from || position > to {
                self.violate(|| format!("{position} is applied between {from} and {to}"));
            }
            self.write(event);
        }
        Ok(())
    }

    /// Writes what comes of one event.
    fn write(&mut self, event: &RecordedEvent) {
        let position = event.position;
        let before = self.last.insert(event.aggregate_id, position).unwrap_or_default();
        if position <= before || !self.applied.insert(position) {
            self.violate(|| format!("{position} is applied after {before}"));
        }
    }

    pub(super) fn split(
        &mut self,
        course: &Course,
        off: Parts,
    ) -> Result<(i16, i64), ProjectorError> {
        let (kept_epoch, given_epoch) = (self.epoch(), self.epoch());
        let at = self.fenced(course.epoch, course.position)?;
        at.parts = at.parts.without(off);
        at.epoch = kept_epoch;
        let given = Checkpoint { parts: off, epoch: given_epoch, position: course.position };
        let number = (0..).find(|number| !self.checkpoints.contains_key(number)).unwrap_or(0);
        self.checkpoints.insert(number, given);
        self.written = true;
        Ok((number, kept_epoch))
    }

    pub(super) fn join(&mut self, course: &Course, other: &Course) -> Result<i64, ProjectorError> {
        self.fenced(other.epoch, other.position)?;
        self.fenced(course.epoch, course.position)?;
        self.checkpoints.retain(|_, at| at.epoch != other.epoch);
        self.written = true;
        let epoch = self.epoch();
        let at = self.fenced(course.epoch, course.position)?;
        at.parts = at.parts.with(other.parts);
        at.epoch = epoch;
        Ok(epoch)
    }

    /// Another generation becomes the live one, not behind the one it replaces.
    pub(super) fn change_places(&mut self, ahead: i64) {
        let foremost = self.checkpoints.values().map(|at| at.position).max().unwrap_or(0);
        let position = (foremost + ahead).min(self.head());
        let epoch = self.epoch();
        self.checkpoints = BTreeMap::from([(0, Checkpoint { parts: Parts::ALL, epoch, position })]);
        self.written = true;
        self.build_up_to(position);
    }

    /// An operator keeps the projection from going on, or lets it.
    pub(super) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
        let numbers: Vec<i16> = self.checkpoints.keys().copied().collect();
        for number in numbers {
            let epoch = self.epoch();
            if let Some(at) = self.checkpoints.get_mut(&number) {
                at.epoch = epoch;
            }
        }
    }

    // --- Leases ---

    fn is_alive(&self, session: &Session) -> bool {
        !self.hung.contains(&session.process)
    }

    fn holder(&self, share: i16) -> Option<&Session> {
        self.leases.get(&share).filter(|session| self.is_alive(session))
    }

    pub(super) fn situation(&self) -> Situation {
        let share = |(number, at): (&i16, &Checkpoint)| Share {
            number: *number,
            parts: at.parts,
            position: at.position,
            is_held: self.holder(*number).is_some(),
        };
        Situation {
            shares: self.checkpoints.iter().map(share).collect(),
            standing_by: self.standing_by.iter().filter(|session| self.is_alive(session)).count(),
        }
    }

    /// Whether the session has the lease on a share now.
    pub(super) fn lease(&mut self, session: Session, share: i16) -> bool {
        let free = self.holder(share).is_none() && !self.ended.contains(&session);
        if free {
            self.leases.insert(share, session);
        }
        free
    }

    pub(super) fn take_free_share(
        &mut self,
        session: Session,
    ) -> Result<Option<i16>, ProjectorError> {
        if self.ended.contains(&session) {
            return Err(ProjectorError::Database(sqlx::Error::PoolClosed));
        }
        let shares: Vec<i16> = self.checkpoints.keys().copied().collect();
        let taken = shares.into_iter().find(|share| self.lease(session, *share));
        if taken.is_some() {
            self.standing_by.remove(&session);
        } else {
            self.standing_by.insert(session);
        }
        Ok(taken)
    }

    pub(super) fn has_lease(&self, session: Session) -> bool {
        self.leases.values().any(|holder| *holder == session)
    }

    pub(super) fn end(&mut self, session: Session) {
        self.ended.insert(session);
        self.leases.retain(|_, holder| *holder != session);
        self.standing_by.remove(&session);
    }

    /// Ends all sessions of which this is so.
    pub(super) fn end_all(&mut self, those: impl Fn(&Session) -> bool) {
        let all = self.leases.values().chain(&self.standing_by);
        let ending: Vec<Session> = all.filter(|session| those(session)).copied().collect();
        ending.into_iter().for_each(|session| self.end(session));
    }

    // --- Checks ---

    /// What is wrong after what was written.
    pub(super) fn check(&mut self) -> Result<(), String> {
        if !std::mem::take(&mut self.written) {
            return Ok(());
        }
        if let Some(violation) = self.violation.take() {
            return Err(violation);
        }
        let shares: Vec<Parts> = self.checkpoints.values().map(|at| at.parts).collect();
        let all = shares.iter().fold(Parts::from_bits(0), |all, parts| all.with(*parts));
        let count: u32 = shares.iter().map(|parts| parts.count()).sum();
        if all != Parts::ALL || count != u32::from(PARTS) {
            return Err(format!("the shares are not every part once: {shares:?}"));
        }
        for event in self.log.iter().filter(|event| PROJECTION.folds(event)) {
            let position = event.position;
            let at = self.checkpoints.values().find(|at| at.parts.contains(event.part));
            let passed = at.is_some_and(|at| position <= at.position);
            let waits = self.parked.get(&event.aggregate_id).is_some_and(|from| *from <= position);
            let due = passed && !waits && !self.dropped.contains(&position);
            let applied = self.applied.contains(&position);
            if due != applied {
                return Err(format!(
                    "{position}: passed {passed}, waits {waits}, applied {applied}"
                ));
            }
        }
        Ok(())
    }

    /// Whether all is done, and divided among so many.
    pub(super) fn is_right(&self, among: usize) -> bool {
        self.checkpoints.len() == among
            && self.checkpoints.keys().all(|share| self.holder(*share).is_some())
            && self.checkpoints.values().all(|at| at.position == self.head())
            && self.streams_that_need_not_wait().is_empty()
    }

    pub(super) fn tell(&self) -> String {
        let share = |(number, at): (&i16, &Checkpoint)| {
            format!(
                "{number}: {} at {} held by {:?}",
                at.parts,
                at.position,
                self.leases.get(number)
            )
        };
        let shares: Vec<String> = self.checkpoints.iter().map(share).collect();
        let standing_by = self.standing_by.iter().map(|session| session.process);
        let standing_by: Vec<usize> = standing_by.collect();
        let (head, parked) = (self.head(), self.parked.values().collect::<Vec<_>>());
        format!(
            "head {head}, {}, standing by {standing_by:?}, parked {parked:?}",
            shares.join("; ")
        )
    }
}
