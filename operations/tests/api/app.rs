use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use chrono::{DateTime, Utc};
use domain::OwnerId;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use operations::{OperationsState, router};
use projector::Projection;
use serde_json::Value;
use service::{Access, Authentication, Principal, Role, TokenError, enveloped};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use uuid::Uuid;

/// The paths for operators, over a database of a test's own.
pub(crate) struct App {
    pub(crate) pool: PgPool,
    pub(crate) document: OpenApi,
    router: Router,
}

impl App {
    pub(crate) async fn start() -> Self {
        let url = embedded::testing::shared().database().await;
        let pool = PgPoolOptions::new().max_connections(4).connect(&url).await.unwrap();
        sqlx::migrate!("../migrations").run(&pool).await.unwrap();
        Self::over(pool, Duration::from_secs(30))
    }

    fn over(pool: PgPool, answers_within: Duration) -> Self {
        let shutdown = CancellationToken::new();
        let state = OperationsState { pool: pool.clone(), shutdown, answers_within };
        let (router, document) = router(state).split_for_parts();
        Self { pool, document, router: enveloped(router) }
    }

    /// Another process, over the same database.
    pub(crate) fn another(&self, answers_within: Duration) -> Self {
        Self::over(self.pool.clone(), answers_within)
    }

    /// The same beside a projector.
    pub(crate) async fn projecting() -> Self {
        let app = Self::start().await;
        // To nobody: projectors do without NATS.
        let client = nats::connect("nats://127.0.0.1:1", "test").await.unwrap();
        let pool = app.pool.clone();
        let shutdown = CancellationToken::new();
        let told = Arc::new(|_projection, _parts, _position| {});
        tokio::spawn(projector::follow(Projection::Runs, pool, client, None, told, shutdown));
        app
    }

    /// What an administrator is answered.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, somebody(&[Role::Athlete, Role::Admin])).await
    }

    pub(crate) async fn post(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::POST, path, somebody(&[Role::Athlete, Role::Admin])).await
    }

    /// What an administrator is answered, which must be 200 or 202 as soon as nobody else is at it.
    pub(crate) async fn posted(&self, path: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let (status, body) = self.post(path).await;
            if status.is_success() {
                return body;
            }
            let wait = status == StatusCode::CONFLICT && Instant::now() < deadline;
            assert!(wait, "{path}: {status} {body}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        user: Authentication,
    ) -> (StatusCode, Value) {
        let (status, _, body) = self.answer(method, path, user).await;
        (status, body)
    }

    /// What is answered, with its headers.
    pub(crate) async fn answer(
        &self,
        method: Method,
        path: &str,
        user: Authentication,
    ) -> (StatusCode, HeaderMap, Value) {
        self.send(method, path, &[], user).await
    }

    /// What is answered to a request with headers.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        user: Authentication,
    ) -> (StatusCode, HeaderMap, Value) {
        let request = Request::builder().method(method).uri(path).extension(user);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
    }

    /// Stores that somebody recorded so many runs; answers their ids.
    pub(crate) async fn records(&self, runs: i64) -> Vec<Uuid> {
        let owner = OwnerId(Uuid::now_v7());
        let mut ids = Vec::new();
        for _ in 0..runs {
            let run_id = Uuid::now_v7();
            let mut payload: Value = serde_json::from_str(include_str!(
                "../../../domain/tests/golden/run.recorded.v1.json"
            ))
            .unwrap();
            payload["run_id"] = run_id.to_string().into();
            payload["owner_id"] = owner.0.to_string().into();
            sqlx::query(
                "with head as (update es.head set position = position + 1 returning position)
                 insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                                        payload, metadata, owner_id, part, event_id, recorded_at)
                 select position, 'run', $1, 1, 'run.recorded', '1', $2, '{}', $3, $4, gen_random_uuid(), now()
                   from head",
            )
            .bind(run_id.to_string())
            .bind(payload)
            .bind(owner.0)
            .bind(i16::from(domain::Part::of(owner).number()))
            .execute(&self.pool)
            .await
            .unwrap();
            ids.push(run_id);
        }
        ids
    }

    /// Waits until a path shows something.
    pub(crate) async fn until(&self, path: &str, shows: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1_000 {
            let (_, body) = self.get(path).await;
            if shows(&body) {
                return body;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} does not show it");
    }
}

pub(crate) fn somebody(roles: &[Role]) -> Authentication {
    Authentication(Ok(Arc::new(Principal {
        user_id: OwnerId(Uuid::now_v7()),
        roles: roles.to_vec(),
        access: Access::Session,
        jti: Uuid::now_v7(),
        expires_at: DateTime::<Utc>::MAX_UTC,
    })))
}

pub(crate) fn nobody() -> Authentication {
    Authentication(Err(TokenError::Missing))
}
