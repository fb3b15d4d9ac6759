use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use service::Role;
use sqlx::PgPool;

use crate::accounts;
use crate::error::AuthError;
use crate::secret_token::SecretToken;

/// How long somebody may take to find their phone.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How often a code may be sent for one.
const MOST_ATTEMPTS: i32 = 5;

/// A sign-in that is half done: who it is has been said, and something is still to come.
pub(crate) struct Begun<'a> {
    pub(crate) user_id: OwnerId,
    /// The account's at this moment: once it has another one, the sign-in is worth nothing.
    pub(crate) password_hash: &'a str,
    /// Who vouched for them, if it was not their password.
    pub(crate) provider: Option<&'a str>,
    /// The browser that alone may go on, for a challenge that goes through a URL.
    pub(crate) browser: Option<&'a SecretToken>,
}

/// Whoever goes on with one.
pub(crate) struct Pending {
    pub(crate) user_id: OwnerId,
    pub(crate) roles: Vec<Role>,
    pub(crate) is_locked: bool,
    pub(crate) provider: Option<String>,
}

/// Keeps a half sign-in, and gives the challenge to go on with; clears away those that have expired.
pub(crate) async fn begin(
    pool: &PgPool,
    begun: Begun<'_>,
    now: DateTime<Utc>,
) -> Result<SecretToken, AuthError> {
    let challenge = SecretToken::generate()?;
    sqlx::query!(
        "with old as (delete from auth.sign_in_challenges where expires_at < $6)
         insert into auth.sign_in_challenges (challenge_hash, user_id, password_hash, provider, browser_hash, expires_at)
         values ($1, $2, $3, $4, $5, $7)",
        challenge.hash(),
        begun.user_id.0,
        begun.password_hash,
        begun.provider,
        begun.browser.map(SecretToken::hash),
        now,
        now + LIFETIME,
    )
    .execute(pool)
    .await?;
    Ok(challenge)
}

/// Who goes on with a challenge, which counts as an attempt; nobody when it is unknown, used, expired, tried too often, of
/// another browser, or when the password has changed.
pub(crate) async fn attempt(
    pool: &PgPool,
    challenge: &SecretToken,
    browser: Option<&SecretToken>,
    now: DateTime<Utc>,
) -> Result<Option<Pending>, sqlx::Error> {
    let row = sqlx::query!(
        r#"update auth.sign_in_challenges c set attempts = attempts + 1
             from auth.users u
            where c.challenge_hash = $1 and c.expires_at > $2 and c.attempts < $3
              and (c.browser_hash is null or c.browser_hash = $4)
              and u.user_id = c.user_id and u.password_hash = c.password_hash
            returning c.user_id, c.provider, u.roles, u.locked_at is not null as "is_locked!""#,
        challenge.hash(),
        now,
        MOST_ATTEMPTS,
        browser.map(SecretToken::hash),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Pending {
        user_id: OwnerId(row.user_id),
        roles: accounts::decode_roles(&row.roles),
        is_locked: row.is_locked,
        provider: row.provider,
    }))
}

/// Uses a challenge up; whether it was there still.
pub(crate) async fn finish(pool: &PgPool, challenge: &SecretToken) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "delete from auth.sign_in_challenges where challenge_hash = $1",
        challenge.hash()
    )
    .execute(pool)
    .await?;
    Ok(used.rows_affected() > 0)
}
