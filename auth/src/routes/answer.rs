use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use service::IDEMPOTENCY_REPLAYED;

use crate::keyed_requests::Answer;

impl<T> Answer<T> {
    /// The answer in JSON, as the client reads it.
    pub(super) fn into_json(self, status: StatusCode) -> Response
    where
        T: Serialize,
    {
        let replayed = self.replayed();
        let (Self::First(body) | Self::Again(body)) = self;
        (status, replayed, Json(body)).into_response()
    }

    /// 204.
    pub(super) fn no_content(&self) -> Response {
        (StatusCode::NO_CONTENT, self.replayed(), ()).into_response()
    }

    /// What is said, whether or not it is said again.
    pub(super) fn body(&self) -> &T {
        match self {
            Self::First(body) | Self::Again(body) => body,
        }
    }

    /// Tells that this is the answer to an earlier request with the same `Idempotency-Key`.
    fn replayed(&self) -> Option<[(HeaderName, HeaderValue); 1]> {
        match self {
            Self::First(_) => None,
            Self::Again(_) => Some([(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))]),
        }
    }
}
