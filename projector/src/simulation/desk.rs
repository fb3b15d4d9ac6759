//! What a follower finds around it here.

use std::time::Duration;

use event_store::RecordedEvent;

use super::link::Link;
use super::rows::Session;
use crate::ProjectorError;
use crate::course::Course;
use crate::follow::{Lease, Surroundings};
use crate::shares::{Parts, Situation};

/// How long somebody waits for events that do not come.
const SILENCE: Duration = Duration::from_millis(500);

pub(super) struct Desk {
    process: usize,
    life: u64,
    link: Link,
    standby: Option<LinkLease>,
    /// Behind which position events come.
    position: i64,
    /// How many come at once.
    batch: usize,
}

/// A connection, which may hold a lease. With it, the lease ends.
pub(super) struct LinkLease {
    link: Link,
    session: Session,
}

impl Desk {
    pub(super) fn new(process: usize, life: u64, link: Link, batch: usize) -> Self {
        Self { process, life, link, standby: None, position: 0, batch }
    }

    fn connect(&self) -> LinkLease {
        let session = self.link.session(self.process, self.life);
        LinkLease { link: self.link.clone(), session }
    }
}

impl Surroundings for Desk {
    type Lease = LinkLease;

    async fn next_batch(&mut self) -> Result<Vec<RecordedEvent>, ProjectorError> {
        let (after, limit) = (self.position, self.batch);
        let events = self.link.ask(move |rows| Ok(rows.read(after, i64::MAX, limit))).await?;
        match events.last() {
            Some(last) => self.position = last.position,
            None => self.link.pause(SILENCE).await,
        }
        Ok(events)
    }

    fn position(&self) -> i64 {
        self.position
    }

    fn seek(&mut self, position: i64) {
        self.position = position;
    }

    async fn take_free_share(&mut self) -> Result<Option<(i16, LinkLease)>, ProjectorError> {
        let standby = self.standby.take().unwrap_or_else(|| self.connect());
        let session = standby.session;
        match self.link.ask(move |rows| rows.take_free_share(session)).await? {
            Some(share) => Ok(Some((share, standby))),
            None => {
                self.standby = Some(standby);
                Ok(None)
            }
        }
    }

    async fn lease(&mut self, share: i16) -> Result<Option<LinkLease>, ProjectorError> {
        let lease = self.connect();
        let session = lease.session;
        let taken = self.link.ask(move |rows| Ok(rows.lease(session, share))).await?;
        Ok(taken.then_some(lease))
    }

    async fn situation(&mut self) -> Result<Situation, ProjectorError> {
        self.link.ask(|rows| Ok(rows.situation())).await
    }

    async fn take_over(&mut self, share: i16) -> Result<Course, ProjectorError> {
        self.link.ask(move |rows| rows.take_over(share)).await
    }

    async fn read(&mut self, share: i16) -> Result<Course, ProjectorError> {
        self.link.ask(move |rows| rows.course(share)).await
    }

    async fn apply(
        &mut self,
        course: &mut Course,
        events: &[RecordedEvent],
        to: i64,
    ) -> Result<(), ProjectorError> {
        let (known, events) = (course.clone(), events.to_vec());
        self.link.ask(move |rows| rows.apply(&known, &events, to)).await?;
        course.position = to;
        Ok(())
    }

    async fn pass(&mut self, course: &mut Course, to: i64) -> Result<(), ProjectorError> {
        self.apply(course, &[], to).await
    }

    async fn fold_up_to(&mut self, course: &mut Course, to: i64) -> Result<(), ProjectorError> {
        while course.position < to {
            let (after, limit) = (course.position, self.batch);
            let events = self.link.ask(move |rows| Ok(rows.read(after, to, limit))).await?;
            let reached = events.last().map_or(to, |last| last.position);
            self.apply(course, &events, reached).await?;
        }
        Ok(())
    }

    async fn split(&mut self, course: &mut Course, off: Parts) -> Result<i16, ProjectorError> {
        let known = course.clone();
        let (share, epoch) = self.link.ask(move |rows| rows.split(&known, off)).await?;
        course.epoch = epoch;
        course.parts = course.parts.without(off);
        Ok(share)
    }

    async fn join(&mut self, course: &mut Course, other: Course) -> Result<(), ProjectorError> {
        let (known, share) = (course.clone(), course.share);
        *course = self
            .link
            .ask(move |rows| {
                rows.join(&known, &other)?;
                rows.course(share)
            })
            .await?;
        Ok(())
    }

    fn now(&self) -> Duration {
        self.link.now()
    }

    async fn pause(&mut self, how_long: Duration) {
        self.link.pause(how_long).await;
    }
}

impl Lease for LinkLease {
    async fn check(&mut self) -> Result<(), ProjectorError> {
        let session = self.session;
        let has = self.link.ask(move |rows| Ok(rows.has_lease(session))).await?;
        if has { Ok(()) } else { Err(ProjectorError::Database(sqlx::Error::PoolClosed)) }
    }

    async fn resign(self) {}
}

impl Drop for LinkLease {
    fn drop(&mut self) {
        self.link.end(self.session);
    }
}
