//! What happens to users, in whichever projection: the rows of one who is erased go.

use domain::OwnerId;
use domain::user::{UserErased, UserEvent};
use event_store::RecordedEvent;
use sqlx::{PgConnection, PgPool};

use crate::checkpoint::{Generation, Step, fenced};
use crate::checks::forget_rows;
use crate::generations::generations_alone;
use crate::shares::Parts;
use crate::{Projection, ProjectorError};

/// Removes the rows that the event asks to remove, and moves the checkpoint, in one commit.
pub(crate) async fn project(
    connection: &mut PgConnection,
    event: &RecordedEvent,
    step: Step,
) -> Result<(), ProjectorError> {
    let UserEvent::Erased(UserErased { user_id }) = event
        .decode::<UserEvent>()
        .map_err(|source| ProjectorError::Event { position: event.position, source })?;
    let moved: i64 = sqlx::query_scalar(&statement(step.projection))
        .bind(step.projection.name())
        .bind(step.generation.as_str())
        .bind(step.epoch)
        .bind(step.from)
        .bind(step.to)
        .bind(user_id.0)
        .fetch_one(connection)
        .await?;
    fenced(moved)
}

/// Like every write of a projection: each part of it asks the fence.
fn statement(projection: Projection) -> String {
    let deletes: String = projection
        .tables()
        .iter()
        .map(|table| {
            format!(
                ", gone_{table} as (delete from {table} where owner_id = $6 and exists (select from fence))"
            )
        })
        .collect();
    format!(
        "with fence as (
             update projector.checkpoints set position = $5, updated_at = now()
              where projection = $1 and generation = $2 and epoch = $3 and position = $4
             returning 1
         ), gone_parked as (
             delete from projector.parked_streams
              where projection = $1 and generation = $2 and owner_id = $6 and exists (select from fence)
         ), gone_dropped as (
             delete from projector.dropped_events
              where projection = $1 and owner_id = $6 and exists (select from fence)
         ){deletes}
         select count(*) from fence"
    )
}

/// Whether the live rows of every projection show everything of somebody up to a position.
///
/// # Errors
/// When the database fails.
pub async fn live_rows_show(pool: &PgPool, owner: OwnerId, position: i64) -> sqlx::Result<bool> {
    let behind = sqlx::query!(
        "select parts from projector.checkpoints where generation = 'live' and position < $1",
        position,
    )
    .fetch_all(pool)
    .await?;
    Ok(!behind.into_iter().any(|row| Parts::from_bits(row.parts).are_of(owner)))
}

/// Removes somebody's rows from the generations that are not live: it may be that no event reaches those any more. Rows that
/// were found to differ are not named any more either.
///
/// Answers whether it could: a generation that is being built must be left alone until it is done.
///
/// # Errors
/// When the database fails.
pub async fn erase_from_others(pool: &PgPool, owner: OwnerId) -> sqlx::Result<bool> {
    for projection in Projection::ALL {
        // Whoever builds a generation has this lock: so nobody writes somebody's rows behind us.
        let Some(alone) = generations_alone(projection, pool).await? else { return Ok(false) };
        // And whoever has lost it without noticing writes nothing more: this waits for what is on its way, and fences off
        // what comes behind it.
        sqlx::query!(
            "update projector.checkpoints set epoch = default where projection = $1 and generation <> 'live'",
            projection.name(),
        )
        .execute(pool)
        .await?;
        for generation in [Generation::Next, Generation::Previous] {
            for table in projection.tables() {
                // Names of our own, none from outside.
                let table = format!("{}.{table}", generation.schema(projection));
                let exists: bool = sqlx::query_scalar("select to_regclass($1) is not null")
                    .bind(&table)
                    .fetch_one(pool)
                    .await?;
                if exists {
                    sqlx::query(&format!("delete from {table} where owner_id = $1"))
                        .bind(owner.0)
                        .execute(pool)
                        .await?;
                }
            }
            sqlx::query!(
                "delete from projector.parked_streams where projection = $1 and generation = $2 and owner_id = $3",
                projection.name(),
                generation.as_str(),
                owner.0,
            )
            .execute(pool)
            .await?;
        }
        alone.resign().await;
    }
    forget_rows(pool).await?;
    Ok(true)
}
