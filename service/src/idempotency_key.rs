use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::HeaderName;
use http::request::Parts;

use crate::Problem;

/// The header of an answer that was given before, to the same request under the same key.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The client's name for a write, under which it may be sent again: `Idempotency-Key`.
///
/// Take it as `Option<IdempotencyKey>`. Refuses with 400 what is not 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    const HEADER: &'static str = "idempotency-key";
    const MAX_CHARS: usize = 255;

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let malformed = || {
            Problem::bad_request(
                "Idempotency-Key must be 1 to 255 printable ASCII characters, once",
            )
        };
        let mut lines = parts.headers.get_all(Self::HEADER).iter();
        let Some(line) = lines.next() else {
            return Ok(None);
        };
        let key = line.to_str().ok().filter(|key| {
            (1..=Self::MAX_CHARS).contains(&key.len())
                && key.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
        });
        match (key, lines.next()) {
            (Some(key), None) => Ok(Some(Self(key.to_owned()))),
            (None, _) | (Some(_), Some(_)) => Err(malformed()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state)
            .await?
            .ok_or_else(|| Problem::bad_request("Idempotency-Key is required"))
    }
}
