//! A program with nothing but the auth routes, over a database of its own.

use auth::{AuthSettings, AuthState, MasterKey, Providers, Verification};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tower::ServiceExt;

/// Good enough for any account.
pub(crate) const PASSWORD: &str = "over hill, over dale";

pub(crate) struct App {
    pub(crate) pool: PgPool,
    pub(crate) state: AuthState,
    router: Router,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// The master key of every program here.
pub(crate) fn master_key() -> MasterKey {
    MasterKey::new([42; 32])
}

/// An empty, migrated database.
pub(crate) async fn database() -> PgPool {
    let url = embedded::testing::shared().database().await;
    let pool = PgPoolOptions::new().max_connections(8).connect(&url).await.unwrap();
    sqlx::migrate!("../migrations").run(&pool).await.unwrap();
    pool
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::on(database().await).await
    }

    pub(crate) async fn on(pool: PgPool) -> Self {
        Self::with(pool, AuthSettings::default(), Providers::default()).await
    }

    /// One where people can sign in through others too.
    pub(crate) async fn with_providers(pool: PgPool, providers: Providers) -> Self {
        Self::with(pool, AuthSettings::default(), providers).await
    }

    /// One where an operator has decided otherwise.
    pub(crate) async fn with_settings(settings: AuthSettings) -> Self {
        Self::with(database().await, settings, Providers::default()).await
    }

    /// One where addresses must be verified.
    pub(crate) async fn verifying() -> Self {
        let verification = Verification::Required;
        Self::with_settings(AuthSettings { verification, ..AuthSettings::default() }).await
    }

    async fn with(pool: PgPool, settings: AuthSettings, providers: Providers) -> Self {
        let state = AuthState::start(pool.clone(), &master_key()).await.unwrap();
        let state = state.with_providers(providers).with(settings);
        let (router, _) = auth::router(state.clone());
        let router =
            service::enveloped(service::authenticated(router, auth::verifier(pool.clone())));
        Self { pool, state, router }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request with a JSON body and more headers.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[], &body).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.call(Method::GET, path, headers, &Value::Null).await
    }

    pub(crate) async fn register(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/register", json!({"email": email, "password": PASSWORD})).await
    }

    pub(crate) async fn login(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/login", json!({"email": email, "password": PASSWORD})).await
    }

    pub(crate) async fn refresh(&self, token: &Value) -> Answer {
        self.post("/api/v1/auth/refresh", json!({"refresh_token": token})).await
    }

    pub(crate) async fn me(&self, access_token: &str) -> Answer {
        self.get("/api/v1/auth/me", &[("authorization", &format!("Bearer {access_token}"))]).await
    }

    /// A request with a token, and a JSON body.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        pair: &Value,
        body: Value,
    ) -> Answer {
        let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
        self.call(method, path, &[("authorization", &bearer)], &body).await
    }

    /// What an account's owner sees of what has happened, the latest first.
    pub(crate) async fn activity(&self, pair: &Value) -> Vec<String> {
        let answer = self.ask(Method::GET, "/api/v1/auth/activity", pair, Value::Null).await;
        let items = answer.body["items"].as_array().unwrap();
        items.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes the database what no client can make of it in a test's time.
    pub(crate) async fn execute(&self, statement: &str) {
        sqlx::raw_sql(statement).execute(&self.pool).await.unwrap();
    }

    /// Somebody who runs the place.
    pub(crate) async fn administrator(&self) -> Value {
        self.register("root@example.org").await;
        self.execute(
            "update auth.users set roles = '{athlete,admin}' where email = 'root@example.org'",
        )
        .await;
        self.login("root@example.org").await.body
    }

    /// Registers Ann, signs her in, and gives the pair of tokens.
    pub(crate) async fn ann(&self) -> Value {
        assert_eq!(self.register("ann@example.org").await.status, 201);
        let login = self.login("ann@example.org").await;
        assert_eq!(login.status, 200);
        login.body
    }
}

impl Answer {
    /// The refused fields with their codes, in the order they were named.
    pub(crate) fn violations(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A refusal as the contract has it.
    pub(crate) fn is_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert!(
            self.body["request_id"].is_string() && self.body["instance"].is_string(),
            "{}",
            self.body
        );
        assert_eq!(self.headers.contains_key("www-authenticate"), status == 401);
    }
}
