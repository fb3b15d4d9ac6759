use domain::OwnerId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use super::{KeyHash, RequestHash};

/// A write of somebody with an account, which may have come before under its `Idempotency-Key`.
///
/// In one transaction: ask for the first answer, carry the write out if there is none, and keep what it is answered. No
/// secret belongs into such an answer.
pub(crate) struct Keyed {
    user_id: OwnerId,
    key: Option<(KeyHash, RequestHash)>,
}

/// Why the first answer was not found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyedError {
    /// The key came with another request before.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// Nobody's mistake.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Keyed {
    /// A write of a user, with its key if it has one.
    pub(crate) fn new(user_id: OwnerId, key: Option<(KeyHash, RequestHash)>) -> Self {
        Self { user_id, key }
    }

    /// The answer that this request got before. If it came never, the key is its own until the transaction ends: who
    /// sends it once more meanwhile waits here.
    pub(crate) async fn first_answer<T: DeserializeOwned>(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Option<T>, KeyedError> {
        let Some((key, request)) = &self.key else { return Ok(None) };
        let taken = sqlx::query!(
            "insert into auth.keyed_requests (key_hash, user_id, request_hash, response, created_at)
             select $1, user_id, $3, 'null', now() from auth.users where user_id = $2 for key share
             on conflict do nothing",
            key.0.as_slice(),
            self.user_id.0,
            request.0.as_slice(),
        )
        .execute(&mut *connection)
        .await?;
        if taken.rows_affected() > 0 {
            return Ok(None);
        }
        let first = sqlx::query!(
            "select request_hash, response from auth.keyed_requests where key_hash = $1",
            key.0.as_slice(),
        )
        .fetch_optional(connection)
        .await?;
        match first {
            Some(first) if first.request_hash == request.0 => {
                let response = serde_json::from_value(first.response);
                Ok(Some(response.map_err(|error| sqlx::Error::Decode(error.into()))?))
            }
            Some(_) => Err(KeyedError::KeyReused),
            // The account is being erased, and the write will find nothing to change.
            None => Ok(None),
        }
    }

    /// Keeps the answer for whoever sends the request again.
    pub(crate) async fn keep(
        &self,
        connection: &mut PgConnection,
        response: &impl Serialize,
    ) -> Result<(), sqlx::Error> {
        self.keep_about(connection, response, None).await
    }

    /// The same with an answer that tells of somebody else, with whose account it goes.
    pub(crate) async fn keep_about(
        &self,
        connection: &mut PgConnection,
        response: &impl Serialize,
        other: Option<OwnerId>,
    ) -> Result<(), sqlx::Error> {
        let Some((key, _)) = &self.key else { return Ok(()) };
        sqlx::query!(
            "update auth.keyed_requests set response = $2, other_id = $3 where key_hash = $1",
            key.0.as_slice(),
            serde_json::to_value(response).map_err(|error| sqlx::Error::Encode(error.into()))?,
            other.map(|other| other.0),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
