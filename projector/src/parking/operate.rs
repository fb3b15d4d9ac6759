use std::time::{Duration, Instant};

use domain::OwnerId;
use event_store::{RecordedEvent, read_stream_between};
use sqlx::{Acquire, Executor, PgConnection, PgPool};
use uuid::Uuid;

use super::lists::{ParkedStream, find, parked_between, parked_in, positions};
use crate::checkpoint::Generation;
use crate::course::{Course, dropped_positions, is_about_data};
use crate::follow::connect;
use crate::shares::{share_of, shares_of_live};
use crate::{Projection, ProjectorError};

/// How many parked streams are read together.
const READ_AT_ONCE: i64 = 500;

/// What came of trying a parked stream again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unparked {
    /// All of its events are applied; it is parked no more.
    Whole {
        /// How many were applied.
        events: usize,
    },
    /// It stays parked.
    Stuck {
        /// How many were applied before.
        events: usize,
        /// The position of the one that cannot be applied.
        position: i64,
        /// Why not.
        reason: String,
    },
}

/// Tries a parked stream of the live generation again: applies what waits, in order, as far as it can be applied.
/// `None` when it is not parked.
///
/// # Errors
/// When a newer program has made the rows, or the database fails; nothing has changed then.
pub async fn retry(
    pool: &PgPool,
    projection: Projection,
    stream_id: Uuid,
) -> Result<Option<Unparked>, ProjectorError> {
    operate(pool, projection, stream_id, Decision::Retry).await
}

/// Passes over the event that holds a parked stream up, for good, and applies what waits behind it. Rebuilds pass
/// over it too. `None` when the stream is not parked.
///
/// Asked for the event at a position, it passes over that one and no other; asked again, it changes nothing.
///
/// # Errors
/// When the stream is held up by another event, a newer program has made the rows, or the database fails; nothing has changed
/// then.
pub async fn drop_event(
    pool: &PgPool,
    projection: Projection,
    stream_id: Uuid,
    position: Option<i64>,
) -> Result<Option<Unparked>, ProjectorError> {
    operate(pool, projection, stream_id, Decision::Drop(position)).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Retry,
    /// The event at this position, or the one that holds the stream up.
    Drop(Option<i64>),
}

async fn operate(
    pool: &PgPool,
    projection: Projection,
    stream_id: Uuid,
    decision: Decision,
) -> Result<Option<Unparked>, ProjectorError> {
    let mut connection = connect(pool, &Generation::Live.schema(projection)).await?;
    let mut transaction = connection.begin().await?;
    // The tables first, then the checkpoint, as everybody takes them.
    let tables = projection.tables().join(", ");
    let lock = format!("lock table {tables} in row exclusive mode");
    transaction.execute(lock.as_str()).await?;
    // Nobody moves a share, nor divides it, until this is done.
    shares_of_live(&mut transaction, projection).await?;
    let parked = find(&mut transaction, projection, stream_id).await?;
    if let Decision::Drop(Some(position)) = decision
        && parked.as_ref().is_none_or(|parked| parked.position != position)
    {
        return is_dropped(&mut transaction, projection, parked, position).await;
    }
    let Some(parked) = parked else { return Ok(None) };
    let share = share_of(&mut transaction, projection, OwnerId(parked.owner_id)).await?;
    let mut course =
        Course::take_over(&mut transaction, projection, Generation::Live, share).await?;
    projection.can_follow(course.version)?;
    if let Decision::Drop(_) = decision {
        sqlx::query!(
            "insert into projector.dropped_events (projection, position, owner_id, event_type, reason)
             values ($1, $2, $3, $4, $5)",
            projection.name(),
            parked.position,
            parked.owner_id,
            parked.event_type,
            parked.reason,
        )
        .execute(&mut *transaction)
        .await?;
        course.dropped.insert(parked.position);
    }
    let unparked = apply_waiting(&mut transaction, &course, &parked).await?;
    transaction.commit().await?;
    Ok(Some(unparked))
}

/// What is to be said to whoever asks to drop an event that holds nothing up: it may be that they have asked before.
async fn is_dropped(
    connection: &mut PgConnection,
    projection: Projection,
    parked: Option<ParkedStream>,
    position: i64,
) -> Result<Option<Unparked>, ProjectorError> {
    let is_dropped = dropped_positions(connection, projection).await?.contains(&position);
    match (parked, is_dropped) {
        (Some(ParkedStream { position, reason, .. }), true) => {
            Ok(Some(Unparked::Stuck { events: 0, position, reason }))
        }
        (None, true) => Ok(Some(Unparked::Whole { events: 0 })),
        (Some(parked), false) => {
            Err(ProjectorError::HeldUpElsewhere { asked: position, position: parked.position })
        }
        (None, false) => Ok(None),
    }
}

/// Tries parked streams of a share again, those that are stuck behind `after`, up to and with `up_to`: a newer program may be
/// able to read what an older one could not. Answers behind which position to go on when that has taken as long as it may;
/// `None` when all were tried.
pub(crate) async fn retry_between(
    connection: &mut PgConnection,
    course: &mut Course,
    mut after: i64,
    up_to: i64,
    at_most: Duration,
) -> Result<Option<i64>, ProjectorError> {
    let began = Instant::now();
    let Course { projection, generation, .. } = *course;
    loop {
        let next =
            parked_between(connection, projection, generation, after, up_to, READ_AT_ONCE).await?;
        if next.is_empty() {
            return Ok(None);
        }
        for parked in next {
            after = parked.position;
            if course.parts.are_of(OwnerId(parked.owner_id)) {
                try_again(connection, course, parked).await?;
            }
            // At least one each time, however long that takes.
            if began.elapsed() > at_most {
                return Ok(Some(after));
            }
        }
    }
}

/// Tries again what is parked in a generation that is about to take the live one's place, and goes on in that one: what an
/// operator has decided stays decided. The live one stands still meanwhile, in the caller's transaction.
pub(crate) async fn retry_where_live_goes_on(
    transaction: &mut PgConnection,
    course: &mut Course,
) -> Result<(), ProjectorError> {
    course.dropped = dropped_positions(transaction, course.projection).await?;
    let live = positions(transaction, course.projection).await?;
    for parked in parked_in(transaction, course.projection, course.generation).await? {
        let stream = (parked.aggregate_type.clone(), parked.stream_id);
        if live.get(&stream).is_none_or(|position| *position > parked.position) {
            try_again(transaction, course, parked).await?;
        }
    }
    Ok(())
}

async fn try_again(
    connection: &mut PgConnection,
    course: &mut Course,
    parked: ParkedStream,
) -> Result<(), ProjectorError> {
    let mut transaction = connection.begin().await?;
    let unparked = apply_waiting(&mut transaction, course, &parked).await?;
    transaction.commit().await?;
    if let Unparked::Whole { .. } = unparked {
        course.parked.remove(&(parked.aggregate_type, parked.stream_id));
        tracing::info!(
            projection = course.projection.name(),
            generation = course.generation.as_str(),
            stream = %parked.stream_id,
            "parked stream goes on"
        );
    }
    Ok(())
}

/// Applies the events of a parked stream that the generation has come past, in the caller's transaction.
async fn apply_waiting(
    transaction: &mut PgConnection,
    course: &Course,
    parked: &ParkedStream,
) -> Result<Unparked, ProjectorError> {
    let step = course.step(course.position);
    // Asks the fence, and keeps the projector from going on meanwhile.
    step.take(transaction).await?;
    let ParkedStream { aggregate_type, stream_id, .. } = parked;
    let waiting = read_stream_between(
        transaction,
        aggregate_type,
        *stream_id,
        parked.position - 1,
        course.position,
    )
    .await?;
    let mut applied = 0;
    for event in waiting {
        if course.dropped.contains(&event.position) {
            continue;
        }
        let mut savepoint = transaction.begin().await?;
        let projected =
            course.projection.project(&mut savepoint, std::slice::from_ref(&event), step).await;
        match projected {
            Ok(()) => {
                savepoint.commit().await?;
                applied += 1;
            }
            Err(error) if is_about_the_event(&error) => {
                savepoint.rollback().await?;
                let reason = error.to_string();
                note_attempt(transaction, course, parked, &event, &reason).await?;
                return Ok(Unparked::Stuck { events: applied, position: event.position, reason });
            }
            Err(error) => return Err(error),
        }
    }
    sqlx::query!(
        "delete from projector.parked_streams
          where projection = $1 and generation = $2 and aggregate_type = $3 and stream_id = $4",
        course.projection.name(),
        course.generation.as_str(),
        aggregate_type,
        stream_id,
    )
    .execute(transaction)
    .await?;
    Ok(Unparked::Whole { events: applied })
}

async fn note_attempt(
    transaction: &mut PgConnection,
    course: &Course,
    parked: &ParkedStream,
    stuck_at: &RecordedEvent,
    reason: &str,
) -> Result<(), ProjectorError> {
    sqlx::query!(
        "update projector.parked_streams
            set position = $5, event_type = $6, reason = $7, attempts = attempts + 1, tried_at = now()
          where projection = $1 and generation = $2 and aggregate_type = $3 and stream_id = $4",
        course.projection.name(),
        course.generation.as_str(),
        parked.aggregate_type,
        parked.stream_id,
        stuck_at.position,
        stuck_at.event_type(),
        reason,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

fn is_about_the_event(error: &ProjectorError) -> bool {
    match error {
        ProjectorError::Event { .. } => true,
        ProjectorError::Database(error) => is_about_data(error),
        _other => false,
    }
}
