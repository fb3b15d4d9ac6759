use chrono::{TimeDelta, Utc};
use service::{KeySourceError, Sessions, Verifier, VerifyingKey};
use sqlx::PgPool;

use crate::api_keys;
use crate::coaching;
use crate::sessions::{self, SessionId};

/// How long a retired key is still published: longer than any token it signed lives.
const PUBLISHED_AFTER_RETIREMENT: TimeDelta = TimeDelta::hours(1);

/// The public keys of the access tokens that may be about, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn verifying_keys(pool: &PgPool) -> Result<Vec<VerifyingKey>, sqlx::Error> {
    let rows = sqlx::query!(
        "select key_id, public_key from auth.signing_keys
          where retired_at is null or retired_at > $1
          order by created_at desc, key_id",
        Utc::now() - PUBLISHED_AFTER_RETIREMENT,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let public_key = row
                .public_key
                .try_into()
                .map_err(|_| sqlx::Error::Decode("a public key has 32 bytes".into()))?;
            Ok(VerifyingKey { kid: row.key_id, public_key })
        })
        .collect()
}

/// A verifier of access tokens and API keys that gets the keys, which sessions go on, and what coaches may do, from the
/// database.
#[must_use]
pub fn verifier(pool: PgPool) -> Verifier {
    let api_keys = api_keys::source(pool.clone());
    let coaching = coaching::source(pool.clone());
    let of_sessions = pool.clone();
    let sessions = Sessions::new(move |user_id, session_id| {
        let pool = of_sessions.clone();
        Box::pin(async move {
            let alive = sessions::is_alive(&pool, SessionId(session_id), user_id);
            alive.await.map_err(KeySourceError::new)
        })
    });
    let keys = Verifier::new(vec![], move || {
        let pool = pool.clone();
        Box::pin(async move { verifying_keys(&pool).await.map_err(KeySourceError::new) })
    });
    keys.with_sessions(sessions).with_api_keys(api_keys).with_coaching(coaching)
}
