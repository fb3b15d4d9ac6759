use axum::extract::FromRequestParts;
use event_store::{CommandContext, CommandKey};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use service::{IdempotencyKey, IfMatch, JsonBody, Prefer, Principal, Problem, RequestContext};
use uuid::Uuid;

use crate::fingerprint::fingerprint;
use crate::transactions::Precondition;

/// What every write says besides its fields: who asks, which version is meant, and how it wants to
/// be answered.
#[derive(Debug)]
pub(crate) struct WriteRequest {
    pub(crate) principal: Principal,
    pub(crate) prefer: Prefer,
    context: RequestContext,
    if_match: IfMatch,
    key: Option<IdempotencyKey>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl WriteRequest {
    /// The version that `If-Match` means.
    pub(crate) fn precondition(&self) -> Precondition {
        match &self.if_match {
            // What is not there answers 404 anyway.
            IfMatch::Absent | IfMatch::Any => Precondition::None,
            IfMatch::Versions(versions) => {
                let known = versions.iter().filter_map(|version| i64::try_from(*version).ok());
                Precondition::OneOf(known.collect())
            }
        }
    }

    /// What the events of the command will say about where it came from.
    pub(crate) fn context(&self, body: Option<&JsonBody>) -> CommandContext {
        let request_id = self.context.request_id.to_string();
        let trace = self.context.traceparent.as_ref();
        let correlation_id =
            trace.map_or_else(|| request_id.clone(), |trace| trace.trace_id().to_owned());
        CommandContext {
            correlation_id: Some(correlation_id),
            request_id: Some(request_id),
            traceparent: trace.map(ToString::to_string),
            key: self.key.as_ref().map(|key| CommandKey {
                id: Uuid::new_v5(&self.principal.user_id.0, key.as_str().as_bytes()),
                request_hash: fingerprint(&self.method, &self.uri, &self.headers, body),
            }),
            ..CommandContext::new(self.principal.user_id, "http")
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WriteRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // First of all: who is nobody learns nothing about the rest.
        let principal = Principal::from_request_parts(parts, state).await?;
        let Ok(context) = RequestContext::from_request_parts(parts, state).await;
        let Ok(prefer) = Prefer::from_request_parts(parts, state).await;
        Ok(Self {
            principal,
            prefer,
            context,
            if_match: IfMatch::from_request_parts(parts, state).await?,
            key: Option::<IdempotencyKey>::from_request_parts(parts, state).await?,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
        })
    }
}
