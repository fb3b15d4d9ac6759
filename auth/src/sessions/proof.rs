use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use sqlx::{PgConnection, PgPool};

use super::SessionId;

/// How long a proof of who somebody is lets their session change what matters most.
pub(crate) const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);

/// Notes that a session's owner has just given all that a sign-in takes.
pub(crate) async fn prove(
    pool: &PgPool,
    session_id: SessionId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update auth.sessions set proved_at = $2 where session_id = $1",
        session_id.0,
        now
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Whether a session's owner did so a short while ago.
pub(crate) async fn is_proved(
    pool: &PgPool,
    session_id: SessionId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!(
        "select session_id from auth.sessions where session_id = $1 and proved_at > $2",
        session_id.0,
        now - GOOD_FOR,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.is_some())
}

/// Makes every session of an account but one prove anew who is there.
pub(crate) async fn unprove_others(
    connection: &mut PgConnection,
    user_id: OwnerId,
    but: SessionId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update auth.sessions set proved_at = null where user_id = $1 and session_id <> $2",
        user_id.0,
        but.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}
