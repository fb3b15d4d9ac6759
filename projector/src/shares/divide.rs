use domain::OwnerId;
use sqlx::{Acquire, PgConnection, PgPool};

use super::Parts;
use crate::checkpoint::{Generation, fenced};
use crate::course::Course;
use crate::generations::fold_up_to;
use crate::{Projection, ProjectorError};

/// Cuts some parts of a share off, in an epoch of their own: they become a share at the same position. Answers its number.
pub(crate) async fn split(
    connection: &mut PgConnection,
    course: &mut Course,
    off: Parts,
) -> Result<i16, ProjectorError> {
    let cut = sqlx::query!(
        r#"with kept as (
               update projector.checkpoints set parts = parts & ~$5::bigint, epoch = default
                where projection = $1 and generation = $2 and epoch = $3 and position = $4
               returning epoch, version, paused_at
           )
           insert into projector.checkpoints
                  (projection, generation, share, parts, version, position, paused_at)
           select $1, $2, (select min(n) from generate_series(0, 63) n
                            where n not in (select c.share from projector.checkpoints c
                                             where c.projection = $1 and c.generation = $2)),
                  $5, k.version, $4, k.paused_at
             from kept k
           returning share, (select k.epoch from kept k) as "epoch!""#,
        course.projection.name(),
        course.generation.as_str(),
        course.epoch,
        course.position,
        off.bits(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(ProjectorError::Fenced)?;
    course.epoch = cut.epoch;
    course.parts = course.parts.without(off);
    Ok(cut.share)
}

/// Makes one share of two that are at the same position.
pub(crate) async fn join(
    connection: &mut PgConnection,
    course: &mut Course,
    other: Course,
) -> Result<(), ProjectorError> {
    debug_assert_eq!(course.position, other.position, "they must be at the same position");
    let mut transaction = connection.begin().await?;
    let gone = sqlx::query!(
        "delete from projector.checkpoints
          where projection = $1 and generation = $2 and epoch = $3 and position = $4",
        other.projection.name(),
        other.generation.as_str(),
        other.epoch,
        other.position,
    )
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    fenced(gone as i64)?;
    let epoch = sqlx::query_scalar!(
        "update projector.checkpoints set parts = parts | $5, epoch = default
          where projection = $1 and generation = $2 and epoch = $3 and position = $4
         returning epoch",
        course.projection.name(),
        course.generation.as_str(),
        course.epoch,
        course.position,
        other.parts.bits(),
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(ProjectorError::Fenced)?;
    transaction.commit().await?;
    course.epoch = epoch;
    course.parts = course.parts.with(other.parts);
    course.parked.extend(other.parked);
    Ok(())
}

/// Takes all shares of a generation over, brings them to the position of the foremost, and makes one of them.
pub(crate) async fn level(
    pool: &PgPool,
    connection: &mut PgConnection,
    projection: Projection,
    generation: Generation,
) -> Result<Course, ProjectorError> {
    let mut courses = Vec::new();
    for share in shares_of(connection, projection, generation).await? {
        courses.push(Course::take_over(connection, projection, generation, share).await?);
    }
    courses.sort_by_key(|course| course.position);
    let mut foremost = courses.pop().ok_or(ProjectorError::NoCheckpoint {
        projection: projection.name(),
        generation: generation.as_str(),
    })?;
    for mut behind in courses {
        fold_up_to(pool, connection, &mut behind, foremost.position).await?;
        join(connection, &mut foremost, behind).await?;
    }
    Ok(foremost)
}

/// Divides a generation as the live one is divided; answers each share with the position of the live one.
pub(crate) async fn split_like(
    connection: &mut PgConnection,
    mut course: Course,
    live: &[(Parts, i64)],
) -> Result<Vec<(Course, i64)>, ProjectorError> {
    let mut divided = Vec::new();
    let Some(((_, kept_to), others)) = live.split_first() else { return Ok(divided) };
    for (parts, to) in others {
        let share = split(connection, &mut course, *parts).await?;
        let cut = Course::read(connection, course.projection, course.generation, share).await?;
        divided.push((cut, *to));
    }
    divided.push((course, *kept_to));
    Ok(divided)
}

/// The live share that a runner's events are in.
pub(crate) async fn share_of(
    connection: &mut PgConnection,
    projection: Projection,
    owner: OwnerId,
) -> Result<i16, ProjectorError> {
    let rows = sqlx::query!(
        "select share, parts from projector.checkpoints where projection = $1 and generation = 'live'",
        projection.name(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .find(|row| Parts::from_bits(row.parts).are_of(owner))
        .map(|row| row.share)
        .ok_or(ProjectorError::NoCheckpoint { projection: projection.name(), generation: "live" })
}

/// The shares of a generation.
async fn shares_of(
    connection: &mut PgConnection,
    projection: Projection,
    generation: Generation,
) -> sqlx::Result<Vec<i16>> {
    sqlx::query_scalar!(
        "select share from projector.checkpoints where projection = $1 and generation = $2 order by share",
        projection.name(),
        generation.as_str(),
    )
    .fetch_all(connection)
    .await
}

/// The live shares with their positions. They stand still until the transaction ends.
pub(crate) async fn shares_of_live(
    transaction: &mut PgConnection,
    projection: Projection,
) -> sqlx::Result<Vec<(Parts, i64)>> {
    let rows = sqlx::query!(
        "select parts, position from projector.checkpoints
          where projection = $1 and generation = 'live' order by share for update",
        projection.name(),
    )
    .fetch_all(transaction)
    .await?;
    Ok(rows.into_iter().map(|row| (Parts::from_bits(row.parts), row.position)).collect())
}

#[cfg(test)]
mod tests {
    use embedded::testing;

    use super::*;

    const RUNS: Projection = Projection::Runs;

    /// What somebody else may have done to a share since it was read: taken it over, or gone on.
    const SINCE: [&str; 2] = ["epoch = default", "position = position + 1"];

    #[tokio::test]
    async fn who_was_overtaken_gives_nothing_away() {
        let mut connection = database().await;
        for since in SINCE {
            let mut course = take_over(&mut connection, 0).await;
            let (_, given) = course.parts.halves().unwrap();
            change(&mut connection, 0, since).await;
            let before = division(&mut connection).await;

            let refused = split(&mut connection, &mut course, given).await;

            assert!(matches!(refused, Err(ProjectorError::Fenced)), "{since}: {refused:?}");
            assert_eq!(division(&mut connection).await, before);
        }
    }

    #[tokio::test]
    async fn of_two_shares_nothing_is_joined_when_one_of_them_was_overtaken() {
        let mut connection = database().await;
        let mut whole = take_over(&mut connection, 0).await;
        let (_, given) = whole.parts.halves().unwrap();
        let number = split(&mut connection, &mut whole, given).await.unwrap();
        for (overtaken, since) in
            [0, number].into_iter().flat_map(|one| SINCE.map(|since| (one, since)))
        {
            let mut course = take_over(&mut connection, 0).await;
            let other = take_over(&mut connection, number).await;
            change(&mut connection, overtaken, since).await;
            let before = division(&mut connection).await;

            let refused = join(&mut connection, &mut course, other).await;

            assert!(
                matches!(refused, Err(ProjectorError::Fenced)),
                "{overtaken}, {since}: {refused:?}"
            );
            assert_eq!(division(&mut connection).await, before);
            change(&mut connection, overtaken, "position = 0").await;
        }

        let mut course = take_over(&mut connection, 0).await;
        let other = take_over(&mut connection, number).await;
        join(&mut connection, &mut course, other).await.unwrap();
        assert_eq!(division(&mut connection).await, [(0, Parts::ALL.bits(), 0)]);
    }

    /// A connection to a new database, with all runs in one share.
    async fn database() -> PgConnection {
        let pool = PgPool::connect(&testing::shared().database().await).await.unwrap();
        sqlx::migrate!("../migrations").run(&pool).await.unwrap();
        pool.acquire().await.unwrap().detach()
    }

    async fn take_over(connection: &mut PgConnection, share: i16) -> Course {
        Course::take_over(connection, RUNS, Generation::Live, share).await.unwrap()
    }

    async fn change(connection: &mut PgConnection, share: i16, change: &str) {
        let update = format!(
            "update projector.checkpoints set {change} where projection = 'runs' and generation = 'live' and share = $1"
        );
        sqlx::query(&update).bind(share).execute(connection).await.unwrap();
    }

    /// The live shares: number, parts and position.
    async fn division(connection: &mut PgConnection) -> Vec<(i16, i64, i64)> {
        sqlx::query_as(
            "select share, parts, position from projector.checkpoints
              where projection = 'runs' and generation = 'live' order by share",
        )
        .fetch_all(connection)
        .await
        .unwrap()
    }
}
