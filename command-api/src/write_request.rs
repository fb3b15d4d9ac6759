use axum::extract::FromRequestParts;
use event_store::{CommandContext, CommandKey};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use service::{
    Acting, CoachScope, IdempotencyKey, IfMatch, JsonBody, Prefer, Problem, RequestContext,
    fingerprint,
};
use uuid::Uuid;

use crate::transactions::Precondition;

/// What every write says besides its fields: who asks and for whom, which version is meant, and how it
/// wants to be answered.
#[derive(Debug)]
pub struct WriteRequest {
    /// Who asks, and whose data it is.
    pub acting: Acting,
    pub(crate) prefer: Prefer,
    context: RequestContext,
    if_match: IfMatch,
    key: Option<IdempotencyKey>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

/// A write to plans and workouts: the user's own, or an athlete's whose plans the user may change.
#[derive(Debug)]
pub struct PlanWrite(pub WriteRequest);

/// A write to runs: the user's own, or an athlete's with whom the user may do everything.
#[derive(Debug)]
pub(crate) struct RunWrite(pub(crate) WriteRequest);

impl WriteRequest {
    /// Reads a write for which a coach needs a scope. Only the extractors above do: each says which.
    async fn read<S: Send + Sync>(
        parts: &mut Parts,
        state: &S,
        needed: CoachScope,
    ) -> Result<Self, Problem> {
        // First of all: who is nobody learns nothing about the rest.
        let acting = Acting::of(parts, needed).await?;
        let Ok(context) = RequestContext::from_request_parts(parts, state).await;
        let Ok(prefer) = Prefer::from_request_parts(parts, state).await;
        Ok(Self {
            acting,
            prefer,
            context,
            if_match: IfMatch::from_request_parts(parts, state).await?,
            key: Option::<IdempotencyKey>::from_request_parts(parts, state).await?,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
        })
    }

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
        let athlete = self.acting.is_for_another().then_some(self.acting.owner);
        CommandContext {
            correlation_id: Some(correlation_id),
            request_id: Some(request_id),
            traceparent: trace.map(ToString::to_string),
            key: self.key.as_ref().map(|key| CommandKey {
                id: Uuid::new_v5(&self.acting.actor.user_id.0, key.as_str().as_bytes()),
                request_hash: fingerprint(&self.method, &self.uri, &self.headers, athlete, body),
            }),
            actor: self.acting.actor.user_id,
            ..CommandContext::new(self.acting.owner, "http")
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PlanWrite {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        WriteRequest::read(parts, state, CoachScope::Plan).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RunWrite {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        WriteRequest::read(parts, state, CoachScope::Full).await.map(Self)
    }
}
