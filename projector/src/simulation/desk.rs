//! What a follower finds around it here.

use std::time::Duration;

use event_store::RecordedEvent;
use futures::future::BoxFuture;
use nats::Follower as Subscription;

use super::events::LinkFeed;
use super::link::Link;
use super::rows::Session;
use crate::checkpoint::Step;
use crate::course::{Course, Tables};
use crate::follow::{Lease, Surroundings};
use crate::shares::{Parts, Situation};
use crate::{Projection, ProjectorError};

pub(super) struct Desk {
    process: usize,
    life: u64,
    link: Link,
    standby: Option<LinkLease>,
    subscription: Subscription<Link, LinkFeed>,
    /// How many events are folded at once by who catches up.
    batch: usize,
}

/// A connection, which may hold a lease. With it, the lease ends.
pub(super) struct LinkLease {
    link: Link,
    session: Session,
}

impl Desk {
    pub(super) fn new(process: usize, life: u64, link: Link, batch: usize) -> Self {
        let subscription = Subscription::new(link.clone(), LinkFeed::new(link.clone()), 0);
        Self { process, life, link, standby: None, subscription, batch }
    }

    fn connect(&self) -> LinkLease {
        let session = self.link.session(self.process, self.life);
        LinkLease { link: self.link.clone(), session }
    }
}

impl Surroundings for Desk {
    type Lease = LinkLease;

    async fn next_batch(&mut self) -> Result<Vec<RecordedEvent>, ProjectorError> {
        Ok(self.subscription.next_batch().await?)
    }

    fn position(&self) -> i64 {
        self.subscription.position()
    }

    fn seek(&mut self, position: i64) {
        self.subscription.seek(position);
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

    async fn begin_epoch(&mut self, share: i16) -> Result<i64, ProjectorError> {
        self.link.ask(move |rows| rows.begin_epoch(share)).await
    }

    /// As in Postgres, in three statements.
    async fn read(&mut self, share: i16) -> Result<Course, ProjectorError> {
        let mut course = self.link.ask(move |rows| rows.course(share)).await?;
        let parts = course.parts;
        let parked = self.link.ask(move |rows| Ok(rows.parked(parts))).await?;
        course.parked = parked.into_iter().collect();
        course.dropped = self.link.ask(move |rows| Ok(rows.dropped())).await?;
        Ok(course)
    }

    /// One at a time: whatever happens may happen in between.
    async fn retry_parked(
        &mut self,
        course: &mut Course,
        after: i64,
        up_to: i64,
    ) -> Result<Option<i64>, ProjectorError> {
        let parts = course.parts;
        let next = self.link.ask(move |rows| Ok(rows.parked_behind(parts, after))).await?;
        let Some((position, key)) = next.filter(|(position, _)| *position <= up_to) else {
            return Ok(None);
        };
        let (known, stream) = (course.clone(), key.1);
        if self.link.ask(move |rows| rows.retry(&known, stream)).await? {
            course.parked.remove(&key);
        }
        Ok(Some(position))
    }

    async fn apply(
        &mut self,
        course: &mut Course,
        events: &[RecordedEvent],
        to: i64,
    ) -> Result<(), ProjectorError> {
        course.apply(&mut self.link, events, to).await
    }

    async fn pass(&mut self, course: &mut Course, to: i64) -> Result<(), ProjectorError> {
        let step = course.step(to);
        self.link.ask_fence(move |rows| rows.project(&[], step)).await?;
        course.position = to;
        Ok(())
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
        let (known, given) = (course.clone(), other.clone());
        course.epoch = self.link.ask(move |rows| rows.join(&known, &given)).await?;
        course.parts = course.parts.with(other.parts);
        course.parked.extend(other.parked);
        Ok(())
    }

    fn now(&self) -> Duration {
        self.link.now()
    }

    async fn pause(&mut self, how_long: Duration) {
        self.link.pause(how_long).await;
    }
}

impl Tables for Link {
    async fn project(
        &mut self,
        _projection: Projection,
        events: &[RecordedEvent],
        step: Step,
    ) -> Result<(), ProjectorError> {
        let events = events.to_vec();
        self.ask_fence(move |rows| rows.project(&events, step)).await
    }

    async fn park(
        &mut self,
        step: Step,
        event: &RecordedEvent,
        _reason: &str,
    ) -> Result<(), ProjectorError> {
        let event = event.clone();
        self.ask_fence(move |rows| rows.park(&event, step)).await
    }

    fn are_in_transaction(&self) -> bool {
        false
    }
}

impl Lease for LinkLease {
    async fn check(&mut self) -> Result<(), ProjectorError> {
        let session = self.session;
        let has = self.link.ask(move |rows| Ok(rows.has_lease(session))).await?;
        if has { Ok(()) } else { Err(ProjectorError::Database(sqlx::Error::PoolClosed)) }
    }

    /// Of a connection that is silent somebody learns by asking.
    fn lost(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    async fn resign(self) {}
}

impl Drop for LinkLease {
    fn drop(&mut self) {
        self.link.end(self.session);
    }
}
