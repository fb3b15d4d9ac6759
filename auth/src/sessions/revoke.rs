use chrono::{DateTime, Utc};
use domain::OwnerId;
use sqlx::{PgConnection, PgPool};

use super::SessionId;

/// Why a session was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its owner signed out.
    Logout,
    /// One of its refresh tokens came twice.
    TokenReuse,
    /// Its owner has another password now.
    PasswordChange,
    /// An administrator has locked the account.
    Lock,
    /// An administrator has taken a role away that its tokens speak of.
    RoleChange,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::TokenReuse => "token reuse",
            Self::PasswordChange => "password change",
            Self::Lock => "lock",
            Self::RoleChange => "role change",
        }
    }
}

/// Ends a session. One that has ended already keeps its first reason.
pub(crate) async fn revoke(
    connection: &mut PgConnection,
    session_id: SessionId,
    reason: Reason,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update auth.sessions set revoked_at = $2, revoked_because = $3 where session_id = $1 and revoked_at is null",
        session_id.0,
        now,
        reason.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends every session of an account, but one if so told; which.
pub(crate) async fn revoke_all(
    connection: &mut PgConnection,
    user_id: OwnerId,
    but: Option<SessionId>,
    reason: Reason,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>, sqlx::Error> {
    let ended = sqlx::query_scalar!(
        "update auth.sessions set revoked_at = $2, revoked_because = $3
          where user_id = $1 and revoked_at is null and session_id is distinct from $4
          returning session_id",
        user_id.0,
        now,
        reason.as_str(),
        but.map(|session_id| session_id.0),
    )
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(SessionId).collect())
}

/// Whether a session goes on: its access tokens are good until they end, unless it was revoked.
pub(crate) async fn is_alive(
    pool: &PgPool,
    session_id: SessionId,
    user_id: OwnerId,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!(
        "select session_id from auth.sessions where session_id = $1 and user_id = $2 and revoked_at is null",
        session_id.0,
        user_id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.is_some())
}
