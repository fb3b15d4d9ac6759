use axum::body::Body;
use axum::extract::{FromRequest, Request};
use service::{JSON_LIMIT_BYTES, JsonBody, Problem, read_body};

/// The body of a write that has no fields: nothing at all, or `{}`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoFields;

impl<S: Send + Sync> FromRequest<S> for NoFields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(Request::from_parts(parts.clone(), body), JSON_LIMIT_BYTES).await?;
        if bytes.is_empty() {
            return Ok(Self);
        }
        let body = Request::from_parts(parts, Body::from(bytes));
        JsonBody::from_request(body, state).await?.fields().finish(|| Some(Self))
    }
}
