//! The door, in front of roles.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gateway::{DoorSettings, Gateway, RateLimits, UpstreamSettings, Upstreams};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use service::{HealthChecks, Metrics, Verifier, serve};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::role::Role;

/// How long a role may take here.
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// A door that listens. Dropped, it is closed.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) upstreams: Upstreams,
    client: Client<HttpConnector, Full<Bytes>>,
    _open: DropGuard,
}

impl House {
    /// In front of processes of one role, which it looks after.
    pub(crate) async fn in_front_of(upstreams: &[SocketAddr]) -> Self {
        let house = Self::blindfolded(upstreams).await;
        tokio::spawn(house.upstreams.clone().look_after(CancellationToken::new()));
        house
    }

    /// The same, which learns how they are only by asking them what it is asked.
    pub(crate) async fn blindfolded(upstreams: &[SocketAddr]) -> Self {
        Self::open(upstreams, ANSWERS_WITHIN).await
    }

    /// One that looks after them, and waits for an answer longer than any test.
    pub(crate) async fn patient(upstreams: &[SocketAddr]) -> Self {
        let house = Self::open(upstreams, Duration::from_secs(600)).await;
        tokio::spawn(house.upstreams.clone().look_after(CancellationToken::new()));
        house
    }

    async fn open(upstreams: &[SocketAddr], answers_within: Duration) -> Self {
        let addresses = upstreams.iter().map(|address| address.to_string().parse().unwrap());
        let settings = UpstreamSettings { answers_within };
        let upstreams = Upstreams::new("role", addresses, settings);
        let shown = upstreams.clone();
        let nowhere = PgPool::connect_lazy("postgres://nobody@127.0.0.1:9/nothing").unwrap();
        let router = Gateway {
            apis: vec![upstreams.api(Role::document())],
            verifier: Verifier::with_keys(vec![]),
            health: HealthChecks::new("gateway", "0", nowhere, None)
                .with_upstreams(move || shown.health()),
            metrics: Metrics::install().unwrap(),
            door: DoorSettings { rate_limits: RateLimits::Off, ..DoorSettings::default() },
        }
        .router();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, router, shutdown.clone()));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { address, upstreams, client, _open: shutdown.drop_guard() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer =
            self.client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// What `/health` says of the processes behind the door: breaker and readiness.
    pub(crate) async fn health(&self) -> Vec<(String, bool)> {
        let health = self.get("/health").await.json();
        let of_one = |one: &Value| {
            (one["breaker"].as_str().unwrap().to_owned(), one["ready"].as_bool().unwrap())
        };
        health["upstreams"].as_array().unwrap().iter().map(of_one).collect()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn must_be(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A key as a browser makes it.
pub(crate) fn websocket_key() -> String {
    STANDARD.encode([7; 16])
}

/// Asks again and again until it is so.
pub(crate) async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "it takes too long: {what}");
}
