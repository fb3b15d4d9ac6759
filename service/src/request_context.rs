use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::TraceParent;

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What names a request across programs; written into the metadata of the events it causes.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The client's `X-Request-Id`, or one made for it.
    pub request_id: Arc<str>,
    /// The trace the request belongs to, when the client sent one.
    pub traceparent: Option<TraceParent>,
}

impl RequestContext {
    const MAX_ID_CHARS: usize = 128;

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let request_id = headers
            .get(&REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| {
                (1..=Self::MAX_ID_CHARS).contains(&id.len())
                    && id.bytes().all(|byte| byte.is_ascii_graphic())
            })
            .map_or_else(|| Uuid::now_v7().to_string().into(), Arc::from);
        let traceparent = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        Self { request_id, traceparent }
    }

    /// The request's id as the value of [`REQUEST_ID`].
    ///
    /// # Panics
    /// Never: an id is visible ASCII.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.request_id).expect("visible ASCII is a header value")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Outside of an envelope, as in a test of one handler, the headers are all there is.
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self::of(&parts.headers)))
    }
}
