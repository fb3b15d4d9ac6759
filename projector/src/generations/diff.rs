use std::time::Duration;

use futures::TryStreamExt;
use serde::Serialize;
use serde_json::Value;
use sqlx::{Acquire, ConnectOptions, Executor, PgConnection, PgPool};
use tokio::time::{Instant, sleep};

use super::alone;
use super::build::{Builder, OnProgress, fold_up_to};
use super::compare::Differences;
use crate::checkpoint::{Generation, checkpoint, version_of};
use crate::shares::{shares_of_live, split_like};
use crate::{Projection, ProjectorError};

/// How long the live generation may take to come to where the other one is.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether it has.
const POLL: Duration = Duration::from_millis(50);

/// How two generations compare.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// `next` or `previous`: what the live rows are compared with.
    pub with: &'static str,
    /// The version of the code that made the live rows.
    pub live_version: i32,
    /// Where the live rows are.
    pub live_position: i64,
    /// The version of the code that made the others.
    pub version: i32,
    /// Where the others are. When that is not where the live rows are, they were made by another version and cannot be
    /// brought there: rows that have changed since then differ too.
    pub position: i64,
    /// The rows that differ; `found` is the live one.
    pub differences: Differences,
}

/// Compares the live rows with those of the next generation, when there is one, or else of the previous one. They are
/// brought to the same position first, where this program can do that.
///
/// # Errors
/// When there is no other generation, when the live one does not come to where the other is, when the database fails,
/// or somebody else is at it.
pub async fn diff(
    projection: Projection,
    pool: &PgPool,
    examples: usize,
    on_progress: &mut OnProgress<'_>,
) -> Result<Diff, ProjectorError> {
    let alone = alone(projection, pool).await?;
    let (generation, version) = beside_live(projection, pool).await?;
    let mut snapshot = if version == projection.version() {
        let mut builder = Builder::open(projection, pool, generation).await?;
        builder.catch_up(on_progress).await?;
        snapshot_where_both_are(builder).await?
    } else {
        snapshot(pool).await?
    };
    let diff = compare(&mut snapshot, projection, generation, examples).await?;
    alone.resign().await;
    Ok(diff)
}

/// The generation to compare with, and the version of the code that has made it.
async fn beside_live(
    projection: Projection,
    pool: &PgPool,
) -> Result<(Generation, i32), ProjectorError> {
    for generation in [Generation::Next, Generation::Previous] {
        if let Some(version) = version_of(pool, projection, generation).await? {
            return Ok((generation, version));
        }
    }
    let (projection, generation) = (projection.name(), Generation::Previous.as_str());
    Err(ProjectorError::NoCheckpoint { projection, generation })
}

/// Sees everything as of one moment, until it is dropped.
async fn snapshot(pool: &PgPool) -> sqlx::Result<PgConnection> {
    let mut connection = pool.connect_options().connect().await?;
    connection.execute("begin isolation level repeatable read read only; select 1").await?;
    Ok(connection)
}

/// Sees both generations at the same position; where the work on the live one is divided, each share of them.
async fn snapshot_where_both_are(builder: Builder) -> Result<PgConnection, ProjectorError> {
    let Builder { pool, mut connection, course, .. } = builder;
    let deadline = Instant::now() + PATIENCE;
    let mut holding = pool.connect_options().connect().await?;
    loop {
        let mut hold = holding.begin().await?;
        let live = shares_of_live(&mut hold, course.projection).await?;
        let hindmost = live.iter().map(|(_, position)| *position).min().unwrap_or_default();
        if course.position <= hindmost {
            for (mut share, to) in split_like(&mut connection, course, &live).await? {
                fold_up_to(&pool, &mut connection, &mut share, to).await?;
            }
            let snapshot = snapshot(&pool).await?;
            hold.rollback().await?;
            return Ok(snapshot);
        }
        hold.rollback().await?;
        if Instant::now() > deadline {
            let (projection, needed) = (course.projection.name(), course.position);
            return Err(ProjectorError::Behind { projection, live: hindmost, needed });
        }
        sleep(POLL).await;
    }
}

async fn compare(
    snapshot: &mut PgConnection,
    projection: Projection,
    generation: Generation,
    examples: usize,
) -> Result<Diff, ProjectorError> {
    let live = checkpoint(snapshot, projection, Generation::Live).await?;
    let other = checkpoint(snapshot, projection, generation).await?;
    let mut differences = Differences::up_to(examples);
    for table in projection.tables() {
        compare_table(snapshot, projection, generation, table, &mut differences).await?;
    }
    Ok(Diff {
        with: generation.as_str(),
        live_version: live.version,
        live_position: live.position,
        version: other.version,
        position: other.position,
        differences,
    })
}

async fn compare_table(
    snapshot: &mut PgConnection,
    projection: Projection,
    generation: Generation,
    table: &'static str,
    differences: &mut Differences,
) -> sqlx::Result<()> {
    let key = Projection::key_of(table);
    let keys = key.join(", ");
    let schema = generation.schema(projection);
    // Names of our own, none from outside.
    let rows: i64 = sqlx::query_scalar(&format!("select count(*) from public.{table}"))
        .fetch_one(&mut *snapshot)
        .await?;
    differences.compared(table, rows.unsigned_abs());
    let statement = format!(
        "select to_jsonb(a), to_jsonb(b)
           from public.{table} a full join {schema}.{table} b using ({keys})
          where to_jsonb(a) is distinct from to_jsonb(b)
          order by {keys}"
    );
    let mut rows = sqlx::query_as::<_, (Option<Value>, Option<Value>)>(&statement).fetch(snapshot);
    while let Some((live, other)) = rows.try_next().await? {
        differences.add(table, key, live, other);
    }
    Ok(())
}
