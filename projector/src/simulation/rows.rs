//! Made-up rows, checkpoints and leases.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bytes::Bytes;
use chrono::DateTime;
use domain::{OwnerId, PARTS, Part};
use event_store::RecordedEvent;
use uuid::Uuid;

use crate::checkpoint::Generation;
use crate::course::Course;
use crate::shares::{Parts, Share, Situation};
use crate::{Projection, ProjectorError};

const PROJECTION: Projection = Projection::Runs;

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
    /// The last of each part.
    last: [i64; PARTS as usize],
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
            last: [0; PARTS as usize],
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

    pub(super) fn append(&mut self, owner_id: OwnerId, is_run: bool) {
        self.log.push(RecordedEvent {
            position: self.head() + 1,
            aggregate_type: Bytes::from_static(if is_run { b"run" } else { b"plan" }),
            aggregate_id: owner_id.0,
            sequence: 1,
            event_type: Bytes::from_static(b"run.recorded"),
            event_version: Bytes::from_static(b"1"),
            payload: Bytes::new(),
            metadata: Bytes::new(),
            owner_id,
            part: Part::of(owner_id),
            event_id: Uuid::nil(),
            recorded_at: DateTime::UNIX_EPOCH,
        });
    }

    pub(super) fn head(&self) -> i64 {
        self.log.len() as i64
    }

    pub(super) fn read(&self, after: i64, up_to: i64, limit: usize) -> Vec<RecordedEvent> {
        let behind = self.log.iter().skip(after as usize);
        behind.take_while(|event| event.position <= up_to).take(limit).cloned().collect()
    }

    // --- Checkpoints ---

    fn fenced(&mut self, course: &Course) -> Result<&mut Checkpoint, ProjectorError> {
        // As in Postgres: the epoch alone tells which share it is.
        self.checkpoints
            .values_mut()
            .find(|at| at.epoch == course.epoch && at.position == course.position)
            .ok_or(ProjectorError::Fenced)
    }

    pub(super) fn take_over(&mut self, share: i16) -> Result<Course, ProjectorError> {
        let epoch = self.epoch();
        if let Some(at) = self.checkpoints.get_mut(&share) {
            at.epoch = epoch;
        }
        self.course(share)
    }

    pub(super) fn course(&self, share: i16) -> Result<Course, ProjectorError> {
        let at = self
            .checkpoints
            .get(&share)
            .ok_or(ProjectorError::NoCheckpoint { projection: "runs", generation: "live" })?;
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

    pub(super) fn apply(
        &mut self,
        course: &Course,
        events: &[RecordedEvent],
        to: i64,
    ) -> Result<(), ProjectorError> {
        let (from, parts) = (course.position, course.parts);
        let at = self.fenced(course)?;
        if at.parts != parts {
            self.violation = Some(format!("{parts} are written, and are not what the fence says"));
        }
        self.fenced(course)?.position = to;
        self.written = true;
        let own = |event: &&RecordedEvent| parts.contains(event.part) && PROJECTION.folds(event);
        for event in events.iter().filter(own) {
            let (position, part) = (event.position, usize::from(event.part.number()));
            if position <= from || position > to {
                self.violation = Some(format!("{position} is applied between {from} and {to}"));
            }
            if position <= self.last[part] || !self.applied.insert(position) {
                self.violation = Some(format!("{position} is applied after {}", self.last[part]));
            }
            self.last[part] = position;
        }
        Ok(())
    }

    pub(super) fn split(
        &mut self,
        course: &Course,
        off: Parts,
    ) -> Result<(i16, i64), ProjectorError> {
        let (kept_epoch, given_epoch) = (self.epoch(), self.epoch());
        let at = self.fenced(course)?;
        at.parts = at.parts.without(off);
        at.epoch = kept_epoch;
        let given = Checkpoint { parts: off, epoch: given_epoch, position: course.position };
        let number = (0..).find(|number| !self.checkpoints.contains_key(number)).unwrap_or(0);
        self.checkpoints.insert(number, given);
        self.written = true;
        Ok((number, kept_epoch))
    }

    pub(super) fn join(&mut self, course: &Course, other: &Course) -> Result<(), ProjectorError> {
        self.fenced(other)?;
        self.fenced(course)?;
        self.checkpoints.retain(|_, at| at.epoch != other.epoch);
        self.written = true;
        let epoch = self.epoch();
        let at = self.fenced(course)?;
        at.parts = at.parts.with(other.parts);
        at.epoch = epoch;
        Ok(())
    }

    /// Another generation becomes the live one, not behind the one it replaces.
    pub(super) fn change_places(&mut self, ahead: i64) {
        let foremost = self.checkpoints.values().map(|at| at.position).max().unwrap_or(0);
        let position = (foremost + ahead).min(self.head());
        let epoch = self.epoch();
        self.checkpoints = BTreeMap::from([(0, Checkpoint { parts: Parts::ALL, epoch, position })]);
        self.applied.clear();
        self.written = true;
        self.last = [0; PARTS as usize];
        for event in self.log.iter().take(position as usize).filter(|event| PROJECTION.folds(event))
        {
            self.applied.insert(event.position);
            self.last[usize::from(event.part.number())] = event.position;
        }
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
        for event in &self.log {
            let at = self.checkpoints.values().find(|at| at.parts.contains(event.part));
            let passed = at.is_some_and(|at| event.position <= at.position);
            let applied = self.applied.contains(&event.position);
            if PROJECTION.folds(event) && passed != applied {
                return Err(format!("{}: passed {passed}, applied {applied}", event.position));
            }
        }
        Ok(())
    }

    /// Whether all is done, and divided among so many.
    pub(super) fn is_right(&self, among: usize) -> bool {
        self.checkpoints.len() == among
            && self.checkpoints.keys().all(|share| self.holder(*share).is_some())
            && self.checkpoints.values().all(|at| at.position == self.head())
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
        format!("head {}, {}, standing by {standing_by:?}", self.head(), shares.join("; "))
    }
}
