//! What happens to users, in whichever projection: the rows of one who is erased go.

use domain::OwnerId;
use domain::user::{UserErased, UserEvent};
use event_store::RecordedEvent;
use sqlx::{PgConnection, PgPool};

use crate::checkpoint::{Step, fenced};
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
                ", gone_{table} as (delete from {table} where owner_id = $5 and exists (select from fence))"
            )
        })
        .collect();
    format!(
        "with fence as (
             update projector.checkpoints set position = $4, updated_at = now()
              where projection = $1 and generation = $2 and position = $3
             returning 1
         ){deletes}
         select count(*) from fence"
    )
}

/// Removes somebody's rows from the generations that were live before the last rebuilds: no event
/// reaches those any more.
///
/// # Errors
/// When the database fails.
pub async fn erase_from_previous(pool: &PgPool, owner: OwnerId) -> sqlx::Result<()> {
    for projection in Projection::ALL {
        for table in projection.tables() {
            // Names of our own, none from outside.
            let table = format!("previous_{}.{table}", projection.name());
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
    }
    Ok(())
}
