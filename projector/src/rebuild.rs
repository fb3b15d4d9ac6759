use std::time::{Duration, Instant};

use event_store::{copy_between, head};
use sqlx::{Acquire, PgConnection, PgPool};

use crate::checkpoint::{Generation, Step};
use crate::follow::connect;
use crate::{Projection, ProjectorError};

/// How many events are folded and written together.
const BATCH: usize = 20_000;

/// How close to the live generation the next one must be before they change places: little enough
/// that readers hardly notice the wait.
const NEAR: i64 = 2_000;

/// How far a rebuild has come.
#[derive(Debug, Clone, Copy)]
pub struct RebuildProgress {
    /// Everything up to here is in the new tables.
    pub position: i64,
    /// Where the events end for now.
    pub head: i64,
    /// Since the rebuild began.
    pub elapsed: Duration,
}

/// A rebuild that is done.
#[derive(Debug, Clone, Copy)]
pub struct Rebuilt {
    /// How many events were folded.
    pub events: i64,
    /// How long it took.
    pub elapsed: Duration,
}

/// Builds a projection anew from Postgres, beside the live one, and lets them change places at the
/// same position: no reader sees a gap or an older state. The tables it replaces stay in schema
/// `previous_<projection>` until the next rebuild.
///
/// # Errors
/// When the database fails or an event cannot be read; the live tables are untouched then.
pub async fn rebuild(
    projection: Projection,
    pool: &PgPool,
    mut on_progress: impl FnMut(RebuildProgress),
) -> Result<Rebuilt, ProjectorError> {
    let started = Instant::now();
    let schema = format!("rebuild_{}", projection.name());
    create_tables(pool, projection, &schema).await?;
    let mut connection = connect(pool, &schema).await?;
    let mut done = 0;
    loop {
        let end = head(pool).await?;
        if end - done <= NEAR {
            break;
        }
        fold_up_to(projection, pool, &mut connection, &mut done, end, |position| {
            on_progress(RebuildProgress { position, head: end, elapsed: started.elapsed() });
        })
        .await?;
    }
    swap(projection, pool, &mut connection, &mut done).await?;
    on_progress(RebuildProgress { position: done, head: done, elapsed: started.elapsed() });
    Ok(Rebuilt { events: done, elapsed: started.elapsed() })
}

async fn create_tables(
    pool: &PgPool,
    projection: Projection,
    schema: &str,
) -> Result<(), ProjectorError> {
    let mut transaction = pool.begin().await?;
    // Names of our own, none from outside.
    let mut statements =
        vec![format!("drop schema if exists {schema} cascade"), format!("create schema {schema}")];
    statements.extend(
        projection.tables().iter().map(|table| {
            format!("create table {schema}.{table} (like public.{table} including all)")
        }),
    );
    for statement in statements {
        sqlx::raw_sql(&statement).execute(&mut *transaction).await?;
    }
    sqlx::query!(
        "insert into projector.checkpoints (projection, generation, version, position) values ($1, 'next', $2, 0)
         on conflict (projection, generation) do update set version = excluded.version, position = 0",
        projection.name(),
        projection.version(),
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Folds what lies between `done` and `end` into the next generation.
async fn fold_up_to(
    projection: Projection,
    pool: &PgPool,
    connection: &mut PgConnection,
    done: &mut i64,
    end: i64,
    mut on_batch: impl FnMut(i64),
) -> Result<(), ProjectorError> {
    let mut batches = copy_between(pool.clone(), *done, end, BATCH);
    while let Some(batch) = batches.recv().await {
        let batch = batch?;
        let Some(to) = batch.last().map(|event| event.position) else { continue };
        let step = Step { projection, generation: Generation::Next, from: *done, to };
        projection.project(connection, &batch, step).await?;
        *done = to;
        on_batch(to);
    }
    if *done < end {
        // The events at the end were erased.
        Step { projection, generation: Generation::Next, from: *done, to: end }
            .take(connection)
            .await?;
        *done = end;
    }
    Ok(())
}

/// Lets the generations change places, in one commit.
async fn swap(
    projection: Projection,
    pool: &PgPool,
    connection: &mut PgConnection,
    done: &mut i64,
) -> Result<(), ProjectorError> {
    let (name, tables) = (projection.name(), projection.tables());
    let mut transaction = connection.begin().await?;
    // The tables first, then the checkpoint: a live projector takes them in that order too.
    let live_tables: Vec<String> = tables.iter().map(|table| format!("public.{table}")).collect();
    sqlx::raw_sql(&format!("lock table {} in access exclusive mode", live_tables.join(", ")))
        .execute(&mut *transaction)
        .await?;
    let live = sqlx::query_scalar!(
        "select position from projector.checkpoints where projection = $1 and generation = 'live' for update",
        name,
    )
    .fetch_one(&mut *transaction)
    .await?;
    // The live one stands still now. To its position exactly: its next step begins there.
    if *done < live {
        fold_up_to(projection, pool, &mut transaction, done, live, |_| {}).await?;
    }
    if *done > live {
        // The live one is behind and catches up over what the new rows know already: let it be ahead.
        sqlx::query!(
            "update projector.checkpoints set position = $2 where projection = $1 and generation = 'live'",
            name,
            *done,
        )
        .execute(&mut *transaction)
        .await?;
    }
    let mut statements = vec![
        format!("drop schema if exists previous_{name} cascade"),
        format!("create schema previous_{name}"),
    ];
    for table in tables {
        statements.push(format!("alter table public.{table} set schema previous_{name}"));
        statements.push(format!("alter table rebuild_{name}.{table} set schema public"));
    }
    statements.push(format!("drop schema rebuild_{name}"));
    for statement in statements {
        sqlx::raw_sql(&statement).execute(&mut *transaction).await?;
    }
    sqlx::query!(
        "insert into projector.checkpoints (projection, generation, version, position)
         select projection, 'previous', version, $2 from projector.checkpoints
          where projection = $1 and generation = 'live'
         on conflict (projection, generation) do update
            set version = excluded.version, position = excluded.position, updated_at = now()",
        name,
        live,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "update projector.checkpoints set version = $2, updated_at = now()
          where projection = $1 and generation = 'live'",
        name,
        projection.version(),
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from projector.checkpoints where projection = $1 and generation = 'next'",
        name
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}
