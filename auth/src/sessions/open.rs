use chrono::{DateTime, Utc};
use domain::OwnerId;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::SessionId;
use super::refresh_token::{LIFETIME, RefreshToken};
use crate::error::AuthError;

/// Begins a session with its first refresh token, and clears away those of the account that have expired: in the
/// transaction of the connection. Its owner has just given all that a sign-in takes.
pub(crate) async fn open(
    connection: &mut PgConnection,
    user_id: OwnerId,
    now: DateTime<Utc>,
) -> Result<(SessionId, RefreshToken), AuthError> {
    let token = RefreshToken::generate()?;
    sqlx::query!(
        "delete from auth.sessions where user_id = $1 and expires_at < $2",
        user_id.0,
        now
    )
    .execute(&mut *connection)
    .await?;
    let session_id = insert(connection, user_id, now, now + LIFETIME).await?;
    add_token(connection, session_id, &token, now).await?;
    Ok((session_id, token))
}

/// Begins a session that ends with its only access token. Whoever holds the master key need not prove more.
pub(crate) async fn open_without_refresh(
    pool: &PgPool,
    user_id: OwnerId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<SessionId, AuthError> {
    Ok(insert(&mut *pool.acquire().await?, user_id, now, until).await?)
}

async fn insert(
    connection: &mut PgConnection,
    user_id: OwnerId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<SessionId, sqlx::Error> {
    let session_id = Uuid::now_v7();
    sqlx::query!(
        "insert into auth.sessions (session_id, user_id, created_at, proved_at, expires_at) values ($1, $2, $3, $3, $4)",
        session_id,
        user_id.0,
        now,
        until,
    )
    .execute(connection)
    .await?;
    Ok(SessionId(session_id))
}

/// Stores the hash of a session's newest refresh token.
pub(super) async fn add_token(
    connection: &mut PgConnection,
    session_id: SessionId,
    token: &RefreshToken,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into auth.refresh_tokens (token_hash, session_id, created_at, expires_at) values ($1, $2, $3, $4)",
        token.hash(),
        session_id.0,
        now,
        now + LIFETIME,
    )
    .execute(connection)
    .await?;
    Ok(())
}
