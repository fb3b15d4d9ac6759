use axum::Json;
use axum::response::{IntoResponse, Response};
use event_store::{Executed, Replayed};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use service::resource::{PlanResource, RunResource, WorkoutResource};
use service::{
    CONSISTENCY_PENDING, Listing, Prefer, TRAINER_CONSISTENCY, TrainerPosition, Waited, etag,
};
use uuid::Uuid;

/// The header of an answer that was given before, to the same request under the same key.
pub(crate) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The header that says which preferences were followed (RFC 7240).
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A write that was carried out, to be answered.
#[derive(Debug)]
pub(crate) struct Done<T> {
    output: T,
    headers: HeaderMap,
}

impl<T> Done<T> {
    pub(crate) fn new(executed: Executed<T>, waited: Waited, prefer: Prefer) -> Self {
        let Executed { output, position, replayed } = executed;
        let (name, value) = TrainerPosition(position.unsigned_abs()).header();
        let mut headers = HeaderMap::from_iter([(name, value)]);
        match replayed {
            Replayed::Yes => {
                headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
            }
            Replayed::No => {}
        }
        match waited {
            Waited::Reached => {}
            Waited::TimedOut => {
                headers.insert(TRAINER_CONSISTENCY, CONSISTENCY_PENDING);
            }
        }
        if let Some(applied) = prefer.applied() {
            headers.insert(PREFERENCE_APPLIED, applied);
        }
        Self { output, headers }
    }
}

impl<T: Resource> Done<T> {
    /// 200 with the resource.
    pub(crate) fn ok(self) -> Response {
        let Self { output, mut headers } = self;
        headers.insert(header::ETAG, etag(output.version().unsigned_abs()));
        (headers, Json(output)).into_response()
    }

    /// 201 with the resource and its place.
    pub(crate) fn created(mut self) -> Response {
        let location = format!("/api/v1/{}/{}", T::COLLECTION, self.output.id());
        let location = HeaderValue::try_from(location).expect("a path of ASCII is a header value");
        self.headers.insert(header::LOCATION, location);
        (StatusCode::CREATED, self.ok()).into_response()
    }
}

impl<T: Resource> Done<Vec<T>> {
    /// 201 with all of them.
    pub(crate) fn all_created(self) -> Response {
        let Self { output, headers } = self;
        (StatusCode::CREATED, headers, Listing { items: output, next_cursor: None }).into_response()
    }

    /// The only one, when there is one.
    pub(crate) fn only(self) -> Option<Done<T>> {
        let Self { output, headers } = self;
        Some(Done { output: output.into_iter().next()?, headers })
    }
}

impl Done<()> {
    /// 204.
    pub(crate) fn no_content(self) -> Response {
        (StatusCode::NO_CONTENT, self.headers).into_response()
    }
}

/// What can be asked for under a path of its own.
pub(crate) trait Resource: Serialize {
    /// The last part of its list's path.
    const COLLECTION: &'static str;
    fn id(&self) -> Uuid;
    fn version(&self) -> i64;
}

impl Resource for PlanResource {
    const COLLECTION: &'static str = "plans";

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Resource for WorkoutResource {
    const COLLECTION: &'static str = "workouts";

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Resource for RunResource {
    const COLLECTION: &'static str = "runs";

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}
