use chrono::{TimeDelta, Utc};
use domain::OwnerId;
use sqlx::PgPool;

use crate::access_token::AccessToken;
use crate::error::AuthError;
use crate::keys::{MasterKey, SigningKey};
use crate::{accounts, sessions};

/// Why an operator gets no token for an account.
#[derive(Debug, thiserror::Error)]
pub enum IssueTokenError {
    /// There is no such account.
    #[error("there is no user {0}")]
    NoAccount(OwnerId),
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for IssueTokenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

/// An access token for an account, without its password: for whoever operates the server and holds its master key.
///
/// It belongs to a session of its own, so that it can be revoked like any other.
///
/// # Errors
/// When there is no such account, or the database or the signing key cannot be had.
pub async fn issue_token(
    pool: &PgPool,
    master_key: &MasterKey,
    user_id: OwnerId,
    lifetime: TimeDelta,
) -> Result<AccessToken, IssueTokenError> {
    let now = Utc::now();
    let account =
        accounts::find(pool, user_id).await?.ok_or(IssueTokenError::NoAccount(user_id))?;
    let key = SigningKey::load_or_create(pool, master_key, now).await.map_err(AuthError::from)?;
    let session_id = sessions::open_without_refresh(pool, user_id, now, now + lifetime).await?;
    let token = AccessToken::sign(&key, user_id, &account.roles, session_id, now, lifetime)
        .map_err(AuthError::from)?;
    Ok(token)
}
