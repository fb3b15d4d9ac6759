//! Erasure: what somebody did goes, and that they were erased stays.
//!
//! It begins in one commit, from which on nothing is appended for them. The rest may take its time and
//! may be interrupted: every step can be done again.

use chrono::{DateTime, Utc};
use domain::user::{UserErased, UserEvent};
use domain::{OwnerId, Part, StoredEvent};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use crate::context::now;
use crate::{CommandContext, StoreError};

/// How many positions one statement looks through: long enough to be fast, short enough to hurt nobody.
const STRETCH: i64 = 50_000;

/// Somebody who is being erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// Who.
    pub owner: OwnerId,
    /// The position of the tombstone: everything of theirs lies before it.
    pub position: i64,
    /// When it began.
    pub requested_at: DateTime<Utc>,
}

/// Begins to erase the owner of a command, in the caller's transaction: appends the tombstone
/// `user.erased`, and refuses whatever comes for them from its commit on. Asked again, it changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn begin_erasure(
    connection: &mut PgConnection,
    context: &CommandContext,
) -> Result<Erasure, StoreError> {
    let (owner, at) = (context.owner, now());
    let event = UserEvent::Erased(UserErased { user_id: owner });
    let (event_type, event_version) = event.stored_as();
    // The lock that orders all appends. What waits for it sees the erasure.
    let head = sqlx::query_scalar!("select position from es.head where id = 0 for update")
        .fetch_one(&mut *connection)
        .await?;
    let begun = sqlx::query!(
        "insert into es.erasures (owner_id, position, requested_at) values ($1, $2, $3)
         on conflict (owner_id) do nothing",
        owner.0,
        head + 1,
        at,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if begun == 0 {
        let known = sqlx::query!(
            "select position, requested_at from es.erasures where owner_id = $1",
            owner.0
        )
        .fetch_one(&mut *connection)
        .await?;
        return Ok(Erasure { owner, position: known.position, requested_at: known.requested_at });
    }
    sqlx::query!(
        "insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                                payload, metadata, owner_id, part, event_id, recorded_at)
         values ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11)",
        head + 1,
        UserEvent::AGGREGATE,
        owner.to_string(),
        event_type,
        event_version,
        serde_json::to_value(&event)?,
        serde_json::to_value(context.metadata())?,
        owner.0,
        i16::from(Part::of(owner).number()),
        context.command_id,
        at,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update es.head set position = $1, erasures = erasures + 1 where id = 0",
        head + 1
    )
    .execute(connection)
    .await?;
    Ok(Erasure { owner, position: head + 1, requested_at: at })
}

/// The erasures that have begun and are not complete, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn unfinished_erasures(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<Erasure>> {
    let rows = sqlx::query!(
        "select owner_id, position, requested_at from es.erasures where completed_at is null order by position",
    )
    .fetch_all(executor)
    .await?;
    let erasure = |owner_id: Uuid, position, requested_at| Erasure {
        owner: OwnerId(owner_id),
        position,
        requested_at,
    };
    Ok(rows.into_iter().map(|row| erasure(row.owner_id, row.position, row.requested_at)).collect())
}

/// Removes the events and the remembered answers of somebody who is being erased; how many events
/// went this time. The tombstone stays.
///
/// # Errors
/// When the database fails; what was removed until then stays removed.
pub async fn remove_events_of(pool: &PgPool, erasure: &Erasure) -> sqlx::Result<i64> {
    sqlx::query!("delete from es.commands where owner_id = $1", erasure.owner.0)
        .execute(pool)
        .await?;
    let mut removed = 0;
    let mut after = 0;
    while after < erasure.position {
        let up_to = (after + STRETCH).min(erasure.position - 1);
        removed += sqlx::query!(
            "delete from es.events where owner_id = $1 and position > $2 and position <= $3",
            erasure.owner.0,
            after,
            up_to,
        )
        .execute(pool)
        .await?
        .rows_affected() as i64;
        after = up_to + 1;
    }
    Ok(removed)
}

/// Notes that nothing of somebody is left.
///
/// # Errors
/// When the database fails.
pub async fn complete_erasure(pool: &PgPool, owner: OwnerId) -> sqlx::Result<()> {
    sqlx::query!(
        "update es.erasures set completed_at = now() where owner_id = $1 and completed_at is null",
        owner.0,
    )
    .execute(pool)
    .await?;
    Ok(())
}
