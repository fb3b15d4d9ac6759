use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use service::{etag, if_none_match};

/// Answers with one resource and its `ETag`, or with 304 when the client has this version.
pub(crate) fn versioned(asked: &HeaderMap, version: i64, resource: impl Serialize) -> Response {
    if if_none_match(asked, version.unsigned_abs()) {
        return (StatusCode::NOT_MODIFIED, validators(version)).into_response();
    }
    unconditional(version, resource)
}

/// Answers with one resource and its `ETag`, whatever the client has.
pub(crate) fn unconditional(version: i64, resource: impl Serialize) -> Response {
    (validators(version), Json(resource)).into_response()
}

fn validators(version: i64) -> [(header::HeaderName, HeaderValue); 2] {
    [
        (header::ETAG, etag(version.unsigned_abs())),
        // To be kept by nobody but the user's own client, and asked for again each time.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ]
}
