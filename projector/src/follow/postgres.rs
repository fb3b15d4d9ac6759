use std::time::Duration;

use event_store::{Leadership, RecordedEvent, Standby};
use futures::future::BoxFuture;
use nats::Subscription;
use sqlx::{PgConnection, PgPool};
use tokio::sync::watch;
use tokio::time::Instant;

use super::connect;
use super::surroundings::{Lease, Surroundings};
use crate::checkpoint::Generation;
use crate::course::Course;
use crate::generations::fold_up_to;
use crate::shares::{Parts, Situation, join, lease, look_for_share, situation, split};
use crate::{Projection, ProjectorError, parking};

/// For how long parked streams are tried again before events are projected again.
const RETRYING: Duration = Duration::from_millis(100);

/// The rows in Postgres, and the events from there and from NATS.
pub(super) struct Postgres {
    projection: Projection,
    pool: PgPool,
    connection: PgConnection,
    subscription: Subscription,
    standby: Option<Standby>,
    began: Instant,
}

impl Postgres {
    pub(super) async fn connect(
        projection: Projection,
        pool: &PgPool,
        client: &async_nats::Client,
        appended: Option<watch::Receiver<i64>>,
    ) -> sqlx::Result<Self> {
        Ok(Self {
            projection,
            pool: pool.clone(),
            connection: connect(pool, "public").await?,
            subscription: Subscription::new(pool.clone(), client.clone(), 0, appended),
            standby: None,
            began: Instant::now(),
        })
    }
}

impl Surroundings for Postgres {
    type Lease = Leadership;

    async fn next_batch(&mut self) -> Result<Vec<RecordedEvent>, ProjectorError> {
        self.subscription.next_batch().await.map_err(|error| ProjectorError::Database(error.0))
    }

    fn position(&self) -> i64 {
        self.subscription.position()
    }

    fn seek(&mut self, position: i64) {
        self.subscription.seek(position);
    }

    async fn take_free_share(&mut self) -> Result<Option<(i16, Leadership)>, ProjectorError> {
        let standby = match self.standby.take() {
            Some(standby) => standby,
            None => Standby::connect(&self.pool.connect_options()).await?,
        };
        match look_for_share(self.projection, standby).await? {
            Ok(taken) => Ok(Some(taken)),
            Err(standby) => {
                self.standby = Some(standby);
                Ok(None)
            }
        }
    }

    async fn lease(&mut self, share: i16) -> Result<Option<Leadership>, ProjectorError> {
        Ok(lease(self.projection, share, &self.pool).await?)
    }

    async fn situation(&mut self) -> Result<Situation, ProjectorError> {
        Ok(situation(&mut self.connection, self.projection).await?)
    }

    async fn begin_epoch(&mut self, share: i16) -> Result<i64, ProjectorError> {
        Course::begin_epoch(&mut self.connection, self.projection, Generation::Live, share).await
    }

    async fn read(&mut self, share: i16) -> Result<Course, ProjectorError> {
        Course::read(&mut self.connection, self.projection, Generation::Live, share).await
    }

    async fn retry_parked(
        &mut self,
        course: &mut Course,
        after: i64,
        up_to: i64,
    ) -> Result<Option<i64>, ProjectorError> {
        parking::retry_between(&mut self.connection, course, after, up_to, RETRYING).await
    }

    async fn apply(
        &mut self,
        course: &mut Course,
        events: &[RecordedEvent],
        to: i64,
    ) -> Result<(), ProjectorError> {
        course.apply(&mut self.connection, events, to).await
    }

    async fn pass(&mut self, course: &mut Course, to: i64) -> Result<(), ProjectorError> {
        course.step(to).take(&mut self.connection).await?;
        course.position = to;
        Ok(())
    }

    async fn fold_up_to(&mut self, course: &mut Course, to: i64) -> Result<(), ProjectorError> {
        fold_up_to(&self.pool, &mut self.connection, course, to).await
    }

    async fn split(&mut self, course: &mut Course, off: Parts) -> Result<i16, ProjectorError> {
        split(&mut self.connection, course, off).await
    }

    async fn join(&mut self, course: &mut Course, other: Course) -> Result<(), ProjectorError> {
        join(&mut self.connection, course, other).await
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    async fn pause(&mut self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}

impl Lease for Leadership {
    async fn check(&mut self) -> Result<(), ProjectorError> {
        Ok(Leadership::check(self).await?)
    }

    fn lost(&self) -> BoxFuture<'static, ()> {
        Box::pin(Leadership::lost(self))
    }

    async fn resign(self) {
        Leadership::resign(self).await;
    }
}
