use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use sqlx::PgPool;

use crate::error::AuthError;
use crate::secret_token::SecretToken;
use crate::sessions::SessionId;

/// How long a browser may be away.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// A browser that leaves for a provider.
pub(crate) struct Visit<'a> {
    pub(crate) provider: &'a str,
    /// Where it wants to go when it is back.
    pub(crate) redirect_to: Option<&'a str>,
    /// The session that wants a link; nothing for signing in.
    pub(crate) session: Option<SessionId>,
}

/// A browser that has come back.
pub(crate) struct Returned {
    pub(crate) redirect_to: Option<String>,
    /// The session that wants a link, if it is still there, and its owner.
    pub(crate) link: Option<(SessionId, OwnerId)>,
}

/// Keeps that a browser has left; what it takes along, and what it must bring back besides. Clears away those that are late.
pub(crate) async fn begin(
    pool: &PgPool,
    visit: Visit<'_>,
    now: DateTime<Utc>,
) -> Result<(SecretToken, SecretToken), AuthError> {
    let (state, browser) = (SecretToken::generate()?, SecretToken::generate()?);
    sqlx::query!(
        "with old as (delete from auth.provider_visits where expires_at < $6)
         insert into auth.provider_visits (state_hash, browser_hash, provider, redirect_to, session_id, expires_at)
         values ($1, $2, $3, $4, $5, $7)",
        state.hash(),
        browser.hash(),
        visit.provider,
        visit.redirect_to,
        visit.session.map(|session_id| session_id.0),
        now,
        now + LIFETIME,
    )
    .execute(pool)
    .await?;
    Ok((state, browser))
}

/// Takes a browser back, once; nothing when it is not one that left, left for elsewhere, or is late.
pub(crate) async fn end(
    pool: &PgPool,
    provider: &str,
    state: &SecretToken,
    browser: &SecretToken,
    now: DateTime<Utc>,
) -> Result<Option<Returned>, sqlx::Error> {
    let row = sqlx::query!(
        r#"with back as (
             delete from auth.provider_visits
              where state_hash = $1 and browser_hash = $2 and provider = $3
              returning redirect_to, session_id, expires_at
           )
           select b.redirect_to, b.session_id, s.user_id as "user_id?", s.revoked_at
             from back b left join auth.sessions s on s.session_id = b.session_id
            where b.expires_at > $4"#,
        state.hash(),
        browser.hash(),
        provider,
        now,
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let link = match (row.session_id, row.user_id) {
        (None, _) => None,
        // Whoever was signed out in the meantime links nothing.
        (Some(session_id), Some(user_id)) if row.revoked_at.is_none() => {
            Some((SessionId(session_id), OwnerId(user_id)))
        }
        (Some(_), _) => return Ok(None),
    };
    Ok(Some(Returned { redirect_to: row.redirect_to, link }))
}
