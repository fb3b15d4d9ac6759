use chrono::{DateTime, Utc};
use domain::OwnerId;
use service::Role;
use sqlx::PgPool;
use tracing::warn;

use super::SessionId;
use super::open::add_token;
use super::refresh_token::{LIFETIME, RefreshToken};
use super::revoke::{Reason, revoke};
use crate::accounts;
use crate::error::AuthError;

/// A session that goes on, with the token for the next time.
pub(crate) struct Refreshed {
    pub(crate) session_id: SessionId,
    pub(crate) user_id: OwnerId,
    pub(crate) roles: Vec<Role>,
    pub(crate) token: RefreshToken,
}

/// Why a session does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// Unknown, used, expired or revoked. A client learns no more than that.
    #[error("the refresh token is not valid")]
    Invalid,
    /// It was used before, which has ended its session. A client learns no more than of any other.
    #[error("the refresh token is not valid")]
    Reused(SessionId, OwnerId),
    /// Neither the token's fault nor its owner's.
    #[error(transparent)]
    Failed(#[from] AuthError),
}

impl From<sqlx::Error> for RefreshError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Exchanges a refresh token for the next one.
///
/// One that was used before has been in two hands, and nobody can tell whose are the right ones: the session ends.
pub(crate) async fn refresh(
    pool: &PgPool,
    presented: &RefreshToken,
    now: DateTime<Utc>,
) -> Result<Refreshed, RefreshError> {
    let token = RefreshToken::generate().map_err(AuthError::from)?;
    let mut transaction = pool.begin().await?;
    // Both rows are locked: of two requests with the same token the second one finds it used.
    let found = sqlx::query!(
        "select s.session_id, s.user_id, s.revoked_at, t.replaced_at, t.expires_at, u.roles
           from auth.refresh_tokens t
           join auth.sessions s on s.session_id = t.session_id
           join auth.users u on u.user_id = s.user_id
          where t.token_hash = $1
            for update of t, s",
        presented.hash(),
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(RefreshError::Invalid)?;
    let (session_id, user_id) = (SessionId(found.session_id), OwnerId(found.user_id));

    if found.revoked_at.is_some() {
        return Err(RefreshError::Invalid);
    }
    if found.replaced_at.is_some() {
        revoke(&mut transaction, session_id, Reason::TokenReuse, now).await?;
        transaction.commit().await?;
        warn!(user.id = %user_id, session.id = %session_id, "refresh token used twice, session revoked");
        return Err(RefreshError::Reused(session_id, user_id));
    }
    if found.expires_at <= now {
        return Err(RefreshError::Invalid);
    }

    sqlx::query!(
        "update auth.refresh_tokens set replaced_at = $2 where token_hash = $1",
        presented.hash(),
        now,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from auth.refresh_tokens where session_id = $1 and expires_at < $2",
        session_id.0,
        now
    )
    .execute(&mut *transaction)
    .await?;
    add_token(&mut transaction, session_id, &token, now).await?;
    sqlx::query!(
        "update auth.sessions set expires_at = $2 where session_id = $1",
        session_id.0,
        now + LIFETIME
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let roles = accounts::decode_roles(&found.roles);
    Ok(Refreshed { session_id, user_id, roles, token })
}
