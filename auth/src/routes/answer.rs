use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::keyed_requests::Answer;

/// Tells that this is the answer to an earlier request with the same `Idempotency-Key`.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

impl<T: Serialize> Answer<T> {
    /// The answer in JSON, as the client reads it.
    pub(super) fn into_json(self, status: StatusCode) -> Response {
        match self {
            Self::First(body) => (status, Json(body)).into_response(),
            Self::Again(body) => {
                (status, [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))], Json(body))
                    .into_response()
            }
        }
    }

    /// What is said, whether or not it is said again.
    pub(super) fn body(&self) -> &T {
        match self {
            Self::First(body) | Self::Again(body) => body,
        }
    }
}
