use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use chrono::{DateTime, Utc};
use command_api::{CommandState, router};
use domain::OwnerId;
use event_store::{EventStore, StoreConfig};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use service::{Access, Authentication, Principal, ReadModels, Role, TokenError, enveloped};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tower::ServiceExt;
use uuid::Uuid;

/// A Wednesday.
pub(crate) const TODAY: &str = "2026-04-15";

/// The writes of one process, on a day that stands still.
pub(crate) struct Api {
    pub(crate) pool: PgPool,
    pub(crate) store: EventStore,
    pub(crate) read_models: ReadModels,
    router: Router,
}

impl Api {
    /// Over a new database.
    pub(crate) async fn start() -> Self {
        Self::over(&new_database().await).await
    }

    /// Over a database that other processes may use too.
    pub(crate) async fn over(database_url: &str) -> Self {
        Self::with_store(database_url, StoreConfig::default()).await
    }

    pub(crate) async fn with_store(database_url: &str, config: StoreConfig) -> Self {
        let pool = PgPoolOptions::new().max_connections(8).connect(database_url).await.unwrap();
        let store = EventStore::new(pool.clone(), config);
        let read_models = ReadModels::new(pool.clone());
        let noon: DateTime<Utc> = format!("{TODAY}T12:00:00Z").parse().unwrap();
        let state = CommandState {
            store: store.clone(),
            read_models: read_models.clone(),
            clock: Arc::new(move || noon),
        };
        let (router, _document) = router(state).split_for_parts();
        Self { pool, store, read_models, router: enveloped(router) }
    }

    /// A user nobody has heard of.
    pub(crate) fn runner(&self) -> Runner<'_> {
        self.runner_with(Uuid::now_v7())
    }

    pub(crate) fn runner_with(&self, id: Uuid) -> Runner<'_> {
        Runner { api: self, id }
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    /// The types of all events behind a position, in order.
    pub(crate) async fn events_after(&self, position: i64) -> Vec<String> {
        let events = event_store::read_after(&self.pool, position, 10_000).await.unwrap();
        events.iter().map(|event| event.event_type().to_owned()).collect()
    }

    pub(crate) async fn head(&self) -> i64 {
        event_store::head(&self.pool).await.unwrap()
    }
}

/// The URL of a new database, with every table.
pub(crate) async fn new_database() -> String {
    let url = embedded::testing::shared().database().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    sqlx::migrate!("../migrations").run(&pool).await.unwrap();
    pool.close().await;
    url
}

pub(crate) fn nobody() -> Authentication {
    Authentication(Err(TokenError::Missing))
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Passes an answer with this status on.
    #[track_caller]
    pub(crate) fn must_be(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// The fields a 422 blames, with their codes, sorted.
    #[track_caller]
    pub(crate) fn violations(self) -> Vec<(String, String)> {
        let problem = self.must_be(422).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{problem}"));
        let mut named: Vec<_> =
            errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect();
        named.sort();
        named
    }

    /// Passes when a 422 blames exactly these fields.
    #[track_caller]
    pub(crate) fn must_blame(self, expected: &[(&str, &str)]) {
        let named = self.violations();
        let named: Vec<_> =
            named.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(named, expected);
    }
}

/// A user of a process.
#[derive(Clone, Copy)]
pub(crate) struct Runner<'a> {
    pub(crate) api: &'a Api,
    pub(crate) id: Uuid,
}

impl<'a> Runner<'a> {
    pub(crate) fn authentication(self) -> Authentication {
        Authentication(Ok(Arc::new(Principal {
            user_id: OwnerId(self.id),
            roles: vec![Role::Athlete],
            access: Access::Session,
            jti: Uuid::now_v7(),
            expires_at: DateTime::<Utc>::MAX_UTC,
        })))
    }

    /// Sends a request. Without a body of its own kind it is JSON, or nothing for null.
    pub(crate) async fn send(
        self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).extension(self.authentication());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| *name == "prefer") {
            // Nothing projects here.
            request = request.header("prefer", "respond-async");
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
        };
        self.api.ask(request.body(body).unwrap()).await
    }

    pub(crate) async fn post(self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], &body).await
    }

    pub(crate) async fn put(self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, &[], &body).await
    }

    pub(crate) async fn patch(self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, &[], &body).await
    }

    pub(crate) async fn delete(self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], &Value::Null).await
    }

    /// Creates a plan of April and May and gives its path.
    pub(crate) async fn plan(self) -> String {
        let answer = self.post("/api/v1/plans", plan()).await.must_be(201);
        answer.header("location").unwrap().to_owned()
    }

    /// Adds a workout to a plan and gives its path.
    pub(crate) async fn workout(self, plan: &str) -> String {
        let answer = self.post(&format!("{plan}/workouts"), workout()).await.must_be(201);
        answer.header("location").unwrap().to_owned()
    }

    /// Records a run and gives its path.
    pub(crate) async fn run(self) -> String {
        let answer = self.post("/api/v1/runs", run()).await.must_be(201);
        answer.header("location").unwrap().to_owned()
    }

    /// Records a run for a workout and gives its path.
    pub(crate) async fn run_for(self, workout: &str) -> String {
        let run = with(run(), json!({ "workout_id": id_of(workout) }));
        let answer = self.post("/api/v1/runs", run).await.must_be(201);
        answer.header("location").unwrap().to_owned()
    }

    /// What a resource says of itself, asked by a change that changes nothing.
    pub(crate) async fn see(self, path: &str) -> Value {
        self.patch(path, json!({})).await.must_be(200).json()
    }
}

/// The id at the end of a path.
pub(crate) fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

pub(crate) fn plan() -> Value {
    json!({ "name": "Spring 10K", "start_date": "2026-04-01", "end_date": "2026-05-31" })
}

pub(crate) fn workout() -> Value {
    json!({ "name": "Long run", "workout_type": "long_run", "scheduled_date": "2026-04-19" })
}

pub(crate) fn run() -> Value {
    json!({ "actual_date": "2026-04-12", "distance_km": 10, "duration_seconds": 3029 })
}

/// A JSON object with other fields besides or in place of its own.
pub(crate) fn with(mut object: Value, others: Value) -> Value {
    let Value::Object(others) = others else { panic!("no object: {others}") };
    object.as_object_mut().unwrap().extend(others);
    object
}

/// A JSON object without a field.
pub(crate) fn without(mut object: Value, field: &str) -> Value {
    object.as_object_mut().unwrap().remove(field);
    object
}
