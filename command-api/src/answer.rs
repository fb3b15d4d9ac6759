use axum::Json;
use axum::response::{IntoResponse, Response};
use event_store::{Executed, Replayed};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use service::resource::{PlanResource, RunResource, WorkoutResource};
use service::{
    CONSISTENCY_PENDING, IDEMPOTENCY_REPLAYED, Listing, Prefer, TRAINER_CONSISTENCY,
    TrainerPosition, Waited, etag,
};
use uuid::Uuid;

/// The header that says which preferences were followed (RFC 7240).
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A write that was carried out, to be answered.
#[derive(Debug)]
pub struct Done<T> {
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

impl<T> Done<T> {
    /// 202 with what is to come of it, and where that is told.
    pub fn accepted<A: Serialize>(self, answer: impl FnOnce(T) -> (String, A)) -> Response {
        let Self { output, mut headers } = self;
        let (status_url, answer) = answer(output);
        let location =
            HeaderValue::try_from(status_url).expect("a path of ASCII is a header value");
        headers.insert(header::LOCATION, location);
        (StatusCode::ACCEPTED, headers, Json(answer)).into_response()
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
pub trait Resource: Serialize {
    /// The last part of its list's path.
    const COLLECTION: &'static str;

    /// Its id, the last part of its path.
    fn id(&self) -> Uuid;

    /// Its version, which becomes its `ETag`.
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
