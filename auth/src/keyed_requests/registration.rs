//! Registrations: whoever sends one has no account yet, and its password tells whether it is the same.

use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use super::{KeyHash, RequestHash};

/// The first request with a key, and the answer it got.
pub(crate) struct KeyedRequest {
    pub(crate) password_hash: String,
    response: Value,
    request_hash: Vec<u8>,
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

/// What the key was first used for.
pub(crate) async fn find(
    pool: &PgPool,
    key: &KeyHash,
) -> Result<Option<KeyedRequest>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select k.request_hash, k.response, coalesce(k.password_hash, u.password_hash) as "password_hash!"
           from auth.keyed_requests k
           join auth.users u on u.user_id = k.user_id
          where k.key_hash = $1"#,
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

/// Keeps what the password of a registration is compared with that made no account.
pub(crate) async fn keep_password(
    connection: &mut PgConnection,
    key: &KeyHash,
    password_hash: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update auth.keyed_requests set password_hash = $2 where key_hash = $1",
        key.0.as_slice(),
        password_hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a request was the first with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It was.
    First,
    /// Another one was stored in the meantime.
    Late,
}
