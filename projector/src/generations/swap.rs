use std::time::Duration;

use event_store::head;
use sqlx::{Acquire, Executor, PgConnection, PgPool};
use tokio::time::sleep;
use uuid::Uuid;

use super::alone;
use super::build::{Builder, OnProgress, RebuildFrom, Rebuilt, fold_up_to};
use super::record::{Record, Undertaking};
use crate::checkpoint::Generation;
use crate::course::{Course, is_about_data};
use crate::shares::shares_of_live;
use crate::{Projection, ProjectorError, parking};

/// How long the exchange may wait for those who read: others who want to read wait behind it.
const PATIENCE_WITH_READERS: &str = "250ms";

/// How long it may wait for those who vacuum or dump tables while nobody waits behind it. Autovacuum gives way after
/// Postgres's `deadlock_timeout`, a second.
const PATIENCE_WITH_MAINTENANCE: &str = "5s";

/// How long to let readers through before the next attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the exchange is tried.
const ATTEMPTS: usize = 240;

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
    undertake(Undertaking::Rebuild, projection, pool, from, Uuid::now_v7(), on_progress).await
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
    undertake(Undertaking::Build, projection, pool, from, Uuid::now_v7(), on_progress).await
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
    let (undertaking, from) = (Undertaking::Rollback, RebuildFrom::WhereItStopped);
    undertake(undertaking, projection, pool, from, Uuid::now_v7(), on_progress).await
}

/// [`rebuild`], [`build`] or [`rollback`], under an id by which it is known whether it has begun: an operator's request of this
/// id in `projector.operator_requests` says so from the same moment on.
///
/// # Errors
/// As of those, and when one of this id has begun before.
pub async fn undertake(
    undertaking: Undertaking,
    projection: Projection,
    pool: &PgPool,
    from: RebuildFrom,
    rebuild_id: Uuid,
    on_progress: &mut OnProgress<'_>,
) -> Result<Rebuilt, ProjectorError> {
    let alone = alone(projection, pool).await?;
    if Record::has_begun(pool, rebuild_id).await? {
        alone.resign().await;
        return Err(ProjectorError::BegunBefore);
    }
    let mut builder = match undertaking {
        Undertaking::Rebuild | Undertaking::Build => {
            Builder::of_next(projection, pool, from).await?
        }
        Undertaking::Rollback => Builder::of_previous(projection, pool).await?,
    };
    let record = Record::begin(pool, undertaking, &builder.course, rebuild_id).await?;
    let ended = match undertaking {
        Undertaking::Build => builder.catch_up(on_progress).await.map(|()| builder.done()),
        Undertaking::Rebuild | Undertaking::Rollback => {
            exchange(&mut builder, &record, on_progress).await
        }
    };
    record.end(pool, &ended).await;
    alone.resign().await;
    ended
}

/// Catches up and changes places.
async fn exchange(
    builder: &mut Builder,
    record: &Record,
    on_progress: &mut OnProgress<'_>,
) -> Result<Rebuilt, ProjectorError> {
    let mut attempt = 1;
    builder.catch_up(on_progress).await?;
    builder.analyze().await?;
    loop {
        builder.catch_up(on_progress).await?;
        match change_places(builder, record).await {
            Err(ProjectorError::Database(error))
                if is_lock_not_available(&error) && attempt < ATTEMPTS =>
            {
                tracing::info!(
                    projection = builder.course.projection.name(),
                    "generations change places when others let go of the tables"
                );
                sleep(PAUSE).await;
            }
            // Outside of the exchange its stream is parked.
            Err(ProjectorError::Database(error)) if is_about_data(&error) && attempt < ATTEMPTS => {
            }
            changed => {
                changed?;
                return Ok(builder.done());
            }
        }
        attempt += 1;
        builder.read_again().await?;
    }
}

/// Lets a generation and the live one change places, in one commit, which also says that it is done.
async fn change_places(builder: &mut Builder, record: &Record) -> Result<(), ProjectorError> {
    let began = builder.began();
    let Builder { pool, connection, course, .. } = builder;
    let mut transaction = connection.begin().await?;
    let changed = match change_names(pool, &mut transaction, course).await {
        Ok(()) => record.done(&mut transaction, course.position - began).await.map_err(Into::into),
        Err(error) => Err(error),
    };
    if let Err(error) = changed {
        // At once: whoever wants to read waits for it.
        if let Err(error) = transaction.rollback().await {
            tracing::debug!(%error, "an exchange is not undone by asking");
        }
        return Err(error);
    }
    match transaction.commit().await {
        Ok(()) => Ok(()),
        // It may have happened all the same.
        Err(_) if record.is_done(pool).await? => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn change_names(
    pool: &PgPool,
    transaction: &mut PgConnection,
    course: &mut Course,
) -> Result<(), ProjectorError> {
    keep_maintenance_away(transaction, course).await?;
    // Tables are exchanged by name: these are still those that were built here, or this fails.
    course.step(course.position).take(transaction).await?;
    // What has come while that took its time is folded while everybody reads.
    let end = head(pool).await?;
    fold_up_to(pool, transaction, course, end).await?;
    lock_live(transaction, course.projection).await?;
    // The live one stands still now. Not behind it; when it is behind, it need not catch up any more.
    let live = shares_of_live(transaction, course.projection).await?;
    let foremost = live.iter().map(|(_, position)| *position).max().unwrap_or_default();
    fold_up_to(pool, transaction, course, foremost).await?;
    parking::retry_where_live_goes_on(transaction, course).await?;
    move_tables(transaction, course).await?;
    rename(transaction, course).await?;
    Ok(())
}

/// Takes the tables that nobody serves from, and of those that serve what keeps others from vacuuming them: whoever reads
/// or writes goes on meanwhile.
async fn keep_maintenance_away(
    transaction: &mut PgConnection,
    course: &Course,
) -> sqlx::Result<()> {
    let Course { projection, generation, .. } = course;
    let mut aside = generation.tables(*projection);
    if *generation != Generation::Previous {
        aside.extend(tables_of_previous(transaction, *projection).await?);
    }
    // Names of our own, none from outside.
    let statements = format!(
        "set local lock_timeout = '{PATIENCE_WITH_MAINTENANCE}';
         lock table {} in access exclusive mode;
         lock table {} in share update exclusive mode",
        aside.join(", "),
        Generation::Live.tables(*projection).join(", "),
    );
    transaction.execute(statements.as_str()).await?;
    Ok(())
}

/// Takes the tables that serve: whoever reads or writes them waits from now on. They come before the checkpoint, as a
/// live projector takes them in that order too.
async fn lock_live(transaction: &mut PgConnection, projection: Projection) -> sqlx::Result<()> {
    let statements = format!(
        "set local lock_timeout = '{PATIENCE_WITH_READERS}';
         lock table {} in access exclusive mode",
        Generation::Live.tables(projection).join(", "),
    );
    transaction.execute(statements.as_str()).await?;
    Ok(())
}

/// What there is of the previous generation: an older version of the code may have had other tables.
async fn tables_of_previous(
    connection: &mut PgConnection,
    projection: Projection,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = $1",
    )
    .bind(Generation::Previous.schema(projection))
    .fetch_all(connection)
    .await
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
