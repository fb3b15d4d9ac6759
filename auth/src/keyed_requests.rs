//! Requests that came with an `Idempotency-Key`: the same one again gets the first answer again.

use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::IdempotencyKey;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

/// The place of one key: a stranger's `Idempotency-Key` and an account's are not the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyHash([u8; 32]);

/// What tells whether two requests are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestHash([u8; 32]);

/// The first request with a key, and the answer it got.
pub(crate) struct KeyedRequest {
    pub(crate) password_hash: String,
    response: Value,
    request_hash: Vec<u8>,
}

impl KeyHash {
    /// The key of somebody who is registering and has no account yet.
    pub(crate) fn of_stranger(key: &IdempotencyKey) -> Self {
        Self(hash(&[b"register", key.as_str().as_bytes()]))
    }

    /// The key of an account.
    pub(crate) fn of_user(key: &IdempotencyKey, user_id: OwnerId) -> Self {
        Self(hash(&[b"user", user_id.0.as_bytes(), key.as_str().as_bytes()]))
    }
}

impl RequestHash {
    /// Of all that makes the request what it is.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        Self(hash(parts))
    }
}

impl KeyedRequest {
    /// Whether that request is this one.
    pub(crate) fn is(&self, request: &RequestHash) -> bool {
        self.request_hash == request.0
    }

    /// The answer it got.
    pub(crate) fn response<T: DeserializeOwned>(self) -> Result<T, sqlx::Error> {
        serde_json::from_value(self.response).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

/// The answer to a request that may have come before.
pub(crate) enum Answer<T> {
    /// It had not.
    First(T),
    /// It had, and this is what it got then.
    Again(T),
}

/// What the key was first used for.
pub(crate) async fn find(
    pool: &PgPool,
    key: &KeyHash,
) -> Result<Option<KeyedRequest>, sqlx::Error> {
    let row = sqlx::query!(
        "select k.request_hash, k.response, u.password_hash
           from auth.keyed_requests k
           join auth.users u on u.user_id = k.user_id
          where k.key_hash = $1",
        key.0.as_slice(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| KeyedRequest {
        password_hash: row.password_hash,
        response: row.response,
        request_hash: row.request_hash,
    }))
}

/// Keeps the answer to the first request with the key. Says no when another request was first.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    key: &KeyHash,
    request: &RequestHash,
    user_id: OwnerId,
    response: &impl Serialize,
    now: DateTime<Utc>,
) -> Result<Kept, sqlx::Error> {
    let inserted = sqlx::query!(
        "insert into auth.keyed_requests (key_hash, user_id, request_hash, response, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        key.0.as_slice(),
        user_id.0,
        request.0.as_slice(),
        serde_json::to_value(response).map_err(|error| sqlx::Error::Encode(error.into()))?,
        now,
    )
    .execute(connection)
    .await?;
    Ok(if inserted.rows_affected() > 0 { Kept::First } else { Kept::Late })
}

/// Whether a request was the first with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It was.
    First,
    /// Another one was stored in the meantime.
    Late,
}

/// With the length before each part, so that no two lists of parts look alike.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert!(RequestHash::of(&[b"ab", b"c"]) != RequestHash::of(&[b"a", b"bc"]));
        assert!(RequestHash::of(&[b"ab"]) == RequestHash::of(&[b"ab"]));
    }
}
