use std::time::Duration;

use sqlx::{Acquire, Executor, PgConnection, PgPool};
use tokio::time::sleep;

use super::alone;
use super::build::{Builder, OnProgress, RebuildFrom, Rebuilt, fold_up_to};
use crate::checkpoint::Generation;
use crate::course::{Course, is_about_data};
use crate::shares::shares_of_live;
use crate::{Projection, ProjectorError};

/// How close to the last event a generation must be before it changes places with the live one: little enough that
/// readers hardly notice the wait.
const NEAR: i64 = 2_000;

/// How long the exchange may wait for those who read: others who want to read wait behind it.
const PATIENCE_WITH_READERS: &str = "1s";

/// How long to let readers through before the next attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the exchange is tried.
const ATTEMPTS: usize = 120;

/// Builds a projection anew from Postgres, beside the live one, and lets them change places at the same position: no
/// reader sees a gap or an older state. The tables it replaces are kept as the previous generation.
///
/// Killed at any moment and called again, it goes on.
///
/// # Errors
/// When the database fails, or somebody else is at it; the live tables are untouched then.
pub async fn rebuild(
    projection: Projection,
    pool: &PgPool,
    from: RebuildFrom,
    on_progress: &mut OnProgress<'_>,
) -> Result<Rebuilt, ProjectorError> {
    let alone = alone(projection, pool).await?;
    let mut builder = Builder::of_next(projection, pool, from).await?;
    let rebuilt = exchange(&mut builder, on_progress).await?;
    alone.resign().await;
    Ok(rebuilt)
}

/// Builds a projection anew beside the live one, to be looked at before it is taken: `rebuild` goes on with it.
///
/// # Errors
/// When the database fails, or somebody else is at it.
pub async fn build(
    projection: Projection,
    pool: &PgPool,
    from: RebuildFrom,
    on_progress: &mut OnProgress<'_>,
) -> Result<Rebuilt, ProjectorError> {
    let alone = alone(projection, pool).await?;
    let mut builder = Builder::of_next(projection, pool, from).await?;
    builder.catch_up(0, on_progress).await?;
    let built = builder.done();
    alone.resign().await;
    Ok(built)
}

/// Brings the previous generation up to date and lets it change places with the live one. Done again, it changes them
/// back.
///
/// # Errors
/// When there is none, when another version of the code has made it, when the database fails, or somebody else is
/// at it.
pub async fn rollback(
    projection: Projection,
    pool: &PgPool,
    on_progress: &mut OnProgress<'_>,
) -> Result<Rebuilt, ProjectorError> {
    let alone = alone(projection, pool).await?;
    let mut builder = Builder::of_previous(projection, pool).await?;
    let rebuilt = exchange(&mut builder, on_progress).await?;
    alone.resign().await;
    Ok(rebuilt)
}

/// Catches up and changes places.
async fn exchange(
    builder: &mut Builder,
    on_progress: &mut OnProgress<'_>,
) -> Result<Rebuilt, ProjectorError> {
    let (mut near, mut attempt) = (NEAR, 1);
    builder.catch_up(near, on_progress).await?;
    builder.analyze().await?;
    loop {
        builder.catch_up(near, on_progress).await?;
        match change_places(builder).await {
            Err(ProjectorError::Database(error))
                if is_lock_not_available(&error) && attempt < ATTEMPTS =>
            {
                tracing::info!(
                    projection = builder.course.projection.name(),
                    "generations change places when readers let go of the tables"
                );
                sleep(PAUSE).await;
            }
            // Outside of the exchange its stream is parked.
            Err(ProjectorError::Database(error)) if is_about_data(&error) && near > 0 => near = 0,
            changed => {
                changed?;
                return Ok(builder.done());
            }
        }
        attempt += 1;
        builder.read_again().await?;
    }
}

/// Lets a generation and the live one change places, in one commit.
async fn change_places(builder: &mut Builder) -> Result<(), ProjectorError> {
    let Builder { pool, connection, course, .. } = builder;
    let mut transaction = connection.begin().await?;
    // The tables first, then the checkpoint: a live projector takes them in that order too.
    let tables = course.projection.tables();
    let live_tables: Vec<String> = tables.iter().map(|table| format!("public.{table}")).collect();
    let lock = format!(
        "set local lock_timeout = '{PATIENCE_WITH_READERS}';
         lock table {} in access exclusive mode",
        live_tables.join(", ")
    );
    transaction.execute(lock.as_str()).await?;
    // The live one stands still now. Not behind it; when it is behind, it need not catch up any more.
    let live = shares_of_live(&mut transaction, course.projection).await?;
    let foremost = live.iter().map(|(_, position)| *position).max().unwrap_or_default();
    if course.position < foremost {
        fold_up_to(pool, &mut transaction, course, foremost).await?;
    }
    move_tables(&mut transaction, course).await?;
    rename(&mut transaction, course).await?;
    transaction.commit().await?;
    Ok(())
}

async fn move_tables(transaction: &mut PgConnection, course: &Course) -> sqlx::Result<()> {
    let previous = Generation::Previous.schema(course.projection);
    let candidate = course.generation.schema(course.projection);
    let outgoing = format!("outgoing_{}", course.projection.name());
    let mut statements = vec![format!("create schema {outgoing}")];
    for table in course.projection.tables() {
        statements.push(format!("alter table public.{table} set schema {outgoing}"));
        statements.push(format!("alter table {candidate}.{table} set schema public"));
    }
    statements.push(format!("drop schema {candidate}"));
    statements.push(format!("drop schema if exists {previous} cascade"));
    statements.push(format!("alter schema {outgoing} rename to {previous}"));
    // Names of our own, none from outside.
    transaction.execute(statements.join(";\n").as_str()).await?;
    Ok(())
}

/// Gives checkpoints and parked streams the names of their new places. In a new epoch: whoever followed or built
/// one of them reads again where it stands.
async fn rename(transaction: &mut PgConnection, course: &Course) -> sqlx::Result<()> {
    let (name, candidate) = (course.projection.name(), course.generation.as_str());
    if course.generation == Generation::Next {
        sqlx::query!(
            "delete from projector.parked_streams where projection = $1 and generation = 'previous'",
            name
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "delete from projector.checkpoints where projection = $1 and generation = 'previous'",
            name
        )
        .execute(&mut *transaction)
        .await?;
    }
    sqlx::query!(
        "update projector.parked_streams
            set generation = case generation when 'live' then 'previous' else 'live' end
          where projection = $1 and generation in ('live', $2)",
        name,
        candidate,
    )
    .execute(&mut *transaction)
    .await?;
    // A pause is the operator's, not the rows'. Those who had a share of the live one divide the new one again.
    let paused_at = sqlx::query_scalar!(
        "select max(paused_at) from projector.checkpoints where projection = $1 and generation = 'live'",
        name,
    )
    .fetch_one(&mut *transaction)
    .await?;
    sqlx::query!(
        "update projector.checkpoints
            set generation = case generation when 'live' then 'previous' else 'live' end,
                paused_at = case generation when 'live' then null else $3::timestamptz end,
                epoch = default, updated_at = now()
          where projection = $1 and generation in ('live', $2)",
        name,
        candidate,
        paused_at,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

fn is_lock_not_available(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "55P03")
}
