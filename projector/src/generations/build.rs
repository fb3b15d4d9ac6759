use std::time::{Duration, Instant};

use event_store::{RecordedEvent, copy_between, head};
use sqlx::{Executor, PgConnection, PgPool};
use tokio::sync::mpsc::Receiver;

use super::tables::{are_like_live, create_like_live};
use super::throttle::Throttle;
use crate::checkpoint::{Generation, version_of};
use crate::course::Course;
use crate::follow::connect;
use crate::shares::level;
use crate::{Projection, ProjectorError, parking};

/// How many events are folded and written together.
const BATCH: usize = 8_000;

/// How close to the last event a generation must be before it changes places with the live one, or is compared with it:
/// little enough that whoever waits meanwhile hardly notices.
const NEAR: i64 = 2_000;

/// Events that are read ahead.
type Batches = Receiver<sqlx::Result<Vec<RecordedEvent>>>;

/// Where a rebuild begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildFrom {
    /// Where one that was interrupted has stopped, when there is one by this program's version.
    WhereItStopped,
    /// The first event.
    TheBeginning,
}

/// How far a rebuild has come.
#[derive(Debug, Clone, Copy)]
pub struct RebuildProgress {
    /// Where it began.
    pub from: i64,
    /// Everything up to here is in the new tables.
    pub position: i64,
    /// Where the events end for now.
    pub head: i64,
    /// Since it began.
    pub elapsed: Duration,
}

/// A rebuild that is done.
#[derive(Debug, Clone, Copy)]
pub struct Rebuilt {
    /// How many events were folded; less than there are when it went on where another had stopped.
    pub events: i64,
    /// How long it took.
    pub elapsed: Duration,
    /// For how much of that it rested, because the live rows were behind.
    pub rested: Duration,
}

/// Is told how far a rebuild has come.
pub type OnProgress<'a> = dyn FnMut(RebuildProgress) + Send + 'a;

impl RebuildProgress {
    /// Events a second, so far.
    #[must_use]
    pub fn events_per_s(&self) -> f64 {
        (self.position - self.from) as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// How long the rest takes at this rate; `None` before anything is known about it.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let left = (self.head - self.position).max(0) as f64;
        Duration::try_from_secs_f64(left / self.events_per_s()).ok()
    }
}

/// A generation that is not live, and the hand that folds events into it.
pub(super) struct Builder {
    pub(super) pool: PgPool,
    pub(super) connection: PgConnection,
    pub(super) course: Course,
    from: i64,
    started: Instant,
    throttle: Throttle,
}

impl Builder {
    /// The next generation: the one that was begun, or a new one. Rows of a newer program are left alone.
    pub(super) async fn of_next(
        projection: Projection,
        pool: &PgPool,
        from: RebuildFrom,
    ) -> Result<Self, ProjectorError> {
        let live = version_of(pool, projection, Generation::Live).await?;
        projection.can_follow(live.unwrap_or_default())?;
        if from == RebuildFrom::TheBeginning || !can_be_resumed(projection, pool).await? {
            create(projection, pool).await?;
        }
        Self::open(projection, pool, Generation::Next).await
    }

    /// The one that was live before, made by this version of the code.
    pub(super) async fn of_previous(
        projection: Projection,
        pool: &PgPool,
    ) -> Result<Self, ProjectorError> {
        let generation = Generation::Previous;
        let (name, word) = (projection.name(), generation.as_str());
        let rows = version_of(pool, projection, generation)
            .await?
            .ok_or(ProjectorError::NoCheckpoint { projection: name, generation: word })?;
        projection.has_made(generation, rows)?;
        if !are_like_live(pool, projection, generation).await? {
            return Err(ProjectorError::OtherTables { projection: name, generation: word });
        }
        Self::open(projection, pool, generation).await
    }

    /// One that this version of the code has made.
    pub(super) async fn open(
        projection: Projection,
        pool: &PgPool,
        generation: Generation,
    ) -> Result<Self, ProjectorError> {
        let mut connection = connect(pool, &generation.schema(projection)).await?;
        let mut course = level(pool, &mut connection, projection, generation).await?;
        // Operators have decided about some of it while the live rows went on.
        parking::retry_between(&mut connection, &mut course, 0, i64::MAX, Duration::MAX).await?;
        let (from, started) = (course.position, Instant::now());
        let throttle = Throttle::new();
        Ok(Self { pool: pool.clone(), connection, course, from, started, throttle })
    }

    /// Folds all events that there are now, and goes on until hardly any have come meanwhile: what is appended without a pause
    /// does not keep it here.
    pub(super) async fn catch_up(
        &mut self,
        on_progress: &mut OnProgress<'_>,
    ) -> Result<(), ProjectorError> {
        let (from, started) = (self.from, self.started);
        let progress =
            |position, head| RebuildProgress { from, position, head, elapsed: started.elapsed() };
        self.throttle.begin();
        let mut end = head(&self.pool).await?;
        on_progress(progress(self.course.position, end));
        while self.course.position < end {
            let Self { pool, connection, course, throttle, .. } = self;
            let mut batches = copy_between(pool.clone(), course.position, end, BATCH);
            while fold_next(&mut batches, connection, course).await? {
                on_progress(progress(course.position, end));
                throttle.rest(connection).await?;
            }
            pass_to(connection, course, end).await?;
            end = head(pool).await?;
            on_progress(progress(course.position, end));
            if end - course.position <= NEAR {
                break;
            }
        }
        Ok(())
    }

    /// Lets Postgres know what is in the new tables: those who read them plan with that from the first moment on, and
    /// not from when autovacuum has come by.
    pub(super) async fn analyze(&mut self) -> Result<(), ProjectorError> {
        let Course { projection, generation, .. } = self.course;
        // Names of our own, none from outside.
        let analyze = format!("analyze {}", generation.tables(projection).join(", "));
        self.connection.execute(analyze.as_str()).await?;
        Ok(())
    }

    /// Reads again where the generation stands, after what was not committed; fails when it is in other hands by now.
    pub(super) async fn read_again(&mut self) -> Result<(), ProjectorError> {
        let Course { projection, generation, share, epoch, .. } = self.course;
        self.course = Course::read(&mut self.connection, projection, generation, share).await?;
        if self.course.epoch == epoch { Ok(()) } else { Err(ProjectorError::Fenced) }
    }

    /// The position where it began.
    pub(super) fn began(&self) -> i64 {
        self.from
    }

    /// What was done so far.
    pub(super) fn done(&self) -> Rebuilt {
        let events = self.course.position - self.from;
        Rebuilt { events, elapsed: self.started.elapsed(), rested: self.throttle.rested() }
    }
}

/// Folds what lies between a generation and `end` into it, as fast as it goes.
pub(crate) async fn fold_up_to(
    pool: &PgPool,
    connection: &mut PgConnection,
    course: &mut Course,
    end: i64,
) -> Result<(), ProjectorError> {
    if end <= course.position {
        return Ok(());
    }
    let mut batches = copy_between(pool.clone(), course.position, end, BATCH);
    while fold_next(&mut batches, connection, course).await? {}
    pass_to(connection, course, end).await
}

/// Folds the next batch into a generation; false when there is none.
async fn fold_next(
    batches: &mut Batches,
    connection: &mut PgConnection,
    course: &mut Course,
) -> Result<bool, ProjectorError> {
    let Some(batch) = batches.recv().await.transpose()? else { return Ok(false) };
    if let Some(last) = batch.last() {
        course.apply(connection, &batch, last.position).await?;
    }
    Ok(true)
}

/// Comes to `end`, when the events before it were erased.
async fn pass_to(
    connection: &mut PgConnection,
    course: &mut Course,
    end: i64,
) -> Result<(), ProjectorError> {
    if course.position < end {
        course.step(end).take(connection).await?;
        course.position = end;
    }
    Ok(())
}

/// Whether there is a next generation that this program has begun, in tables like the live ones are now.
async fn can_be_resumed(projection: Projection, pool: &PgPool) -> Result<bool, ProjectorError> {
    let begun_by = version_of(pool, projection, Generation::Next).await?;
    Ok(begun_by == Some(projection.version())
        && are_like_live(pool, projection, Generation::Next).await?)
}

/// Creates a next generation in the place of whatever is there.
async fn create(projection: Projection, pool: &PgPool) -> Result<(), ProjectorError> {
    let (name, next) = (projection.name(), Generation::Next.as_str());
    let mut transaction = pool.begin().await?;
    create_like_live(&mut transaction, projection, Generation::Next).await?;
    sqlx::query!(
        "delete from projector.checkpoints where projection = $1 and generation = $2",
        name,
        next,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from projector.parked_streams where projection = $1 and generation = $2",
        name,
        next
    )
    .execute(&mut *transaction)
    .await?;
    // Whoever built the one that was there knows another epoch.
    sqlx::query!(
        "insert into projector.checkpoints (projection, generation, version, position) values ($1, $2, $3, 0)",
        name,
        next,
        projection.version(),
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}
