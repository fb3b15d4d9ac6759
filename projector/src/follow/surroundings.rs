use std::time::Duration;

use event_store::RecordedEvent;
use futures::future::BoxFuture;

use crate::ProjectorError;
use crate::course::Course;
use crate::shares::{Parts, Situation};

/// What a follower finds around it: the events that come, the rows, the others, and a clock. In production it is
/// [`Postgres`](super::postgres::Postgres); the simulation makes it up.
pub(crate) trait Surroundings {
    type Lease: Lease;

    /// The next events; none when nothing came for a while.
    async fn next_batch(&mut self) -> Result<Vec<RecordedEvent>, ProjectorError>;

    /// The position of the last event that has come.
    fn position(&self) -> i64;

    /// Lets events come from behind a position.
    fn seek(&mut self, position: i64);

    /// Takes a share that nobody has. While there is none, others see that somebody stands by.
    async fn take_free_share(&mut self) -> Result<Option<(i16, Self::Lease)>, ProjectorError>;

    /// The lease on a share; `None` when somebody else has it.
    async fn lease(&mut self, share: i16) -> Result<Option<Self::Lease>, ProjectorError>;

    /// How the work is divided.
    async fn situation(&mut self) -> Result<Situation, ProjectorError>;

    /// Takes a share over: from now on, nobody who had it before writes anything.
    async fn take_over(&mut self, share: i16) -> Result<Course, ProjectorError> {
        let epoch = self.begin_epoch(share).await?;
        let course = self.read(share).await?.in_epoch(epoch)?;
        course.projection.can_follow(course.version)?;
        Ok(course)
    }

    /// Begins another epoch of a share, and answers which.
    async fn begin_epoch(&mut self, share: i16) -> Result<i64, ProjectorError>;

    /// Reads where a share stands.
    async fn read(&mut self, share: i16) -> Result<Course, ProjectorError>;

    /// Tries parked streams of a share again, for a moment: those that are stuck behind `after`, up to and with `up_to`.
    /// Answers behind which position to go on; `None` when all were tried.
    async fn retry_parked(
        &mut self,
        course: &mut Course,
        after: i64,
        up_to: i64,
    ) -> Result<Option<i64>, ProjectorError>;

    /// Folds events into the rows, and comes to `to` with them.
    async fn apply(
        &mut self,
        course: &mut Course,
        events: &[RecordedEvent],
        to: i64,
    ) -> Result<(), ProjectorError>;

    /// Comes to `to` over events that write nothing.
    async fn pass(&mut self, course: &mut Course, to: i64) -> Result<(), ProjectorError>;

    /// Folds everything up to a position.
    async fn fold_up_to(&mut self, course: &mut Course, to: i64) -> Result<(), ProjectorError>;

    /// Cuts parts off; answers the number of the share that they are now.
    async fn split(&mut self, course: &mut Course, off: Parts) -> Result<i16, ProjectorError>;

    /// Makes one share of two that are at the same position.
    async fn join(&mut self, course: &mut Course, other: Course) -> Result<(), ProjectorError>;

    /// The time on some clock.
    fn now(&self) -> Duration;

    async fn pause(&mut self, how_long: Duration);
}

/// Being the one who has a share.
pub(crate) trait Lease {
    /// Fails when it is lost.
    async fn check(&mut self) -> Result<(), ProjectorError>;

    /// Ends when it is lost, whatever is being waited for.
    fn lost(&self) -> BoxFuture<'static, ()>;

    async fn resign(self);
}
