use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use domain::OwnerId;
use service::{IdempotencyKey, JsonBody, Problem, fingerprint};

use crate::keyed_requests::{KeyHash, Keyed, KeyedError, RequestHash};

/// The key that a write came with, and all that makes the request what it is.
pub(super) struct WriteKey {
    key: Option<IdempotencyKey>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl WriteKey {
    /// The write as one of a user's, to be carried out once.
    pub(super) fn of(self, user_id: OwnerId, body: Option<&JsonBody>) -> Keyed {
        let Self { key, method, uri, headers } = self;
        let key = key.map(|key| {
            let request = fingerprint(&method, &uri, &headers, None, body);
            (KeyHash::of_user(&key, user_id), RequestHash::of(&[&request]))
        });
        Keyed::new(user_id, key)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WriteKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self {
            key: Option::<IdempotencyKey>::from_request_parts(parts, state).await?,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
        })
    }
}

impl From<KeyedError> for Problem {
    fn from(error: KeyedError) -> Self {
        match error {
            KeyedError::KeyReused => Self::unprocessable_request(error.to_string()),
            KeyedError::Database(cause) => cause.into(),
        }
    }
}
