//! A role behind the door, with routes that say what they were asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures::{StreamExt, stream};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use service::{ServeOptions, serve_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes share with the test.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    /// How often it was asked, health apart.
    pub(crate) asked: Arc<AtomicUsize>,
    /// Lets streams go on, a piece for each permit.
    pub(crate) pieces: Arc<Semaphore>,
}

impl Role {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, asked: Arc::default(), pieces: Arc::new(Semaphore::new(0)) }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Its part of the document, which is all that the door knows of it.
    pub(crate) fn document() -> OpenApi {
        routes().into_openapi()
    }

    pub(crate) async fn start(&self) -> Running {
        self.start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn start_at(&self, address: SocketAddr) -> Running {
        let listener = loop {
            // A port that was in use a moment ago.
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        self.start_on(listener).await
    }

    pub(crate) async fn start_on(&self, listener: TcpListener) -> Running {
        let (router, _) = routes().split_for_parts();
        let counted = self.clone();
        let router = router.with_state(self.clone()).layer(axum::middleware::map_request(
            move |request: Request| {
                counted.asked.fetch_add(1, Ordering::SeqCst);
                async move { request }
            },
        ));
        let health = Router::new()
            .route("/health/live", axum::routing::get(async || StatusCode::NO_CONTENT))
            .route("/health/ready", axum::routing::get(async || "{}"));
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let options = ServeOptions { grace: Duration::ZERO, ..ServeOptions::default() };
        let task =
            tokio::spawn(serve_with(listener, router.merge(health), shutdown.clone(), options));
        Running { address, shutdown, task }
    }
}

/// A role that listens.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends it: nobody listens any more, and open connections end.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.shutdown.cancel();
        self.task.await.unwrap();
        self.address
    }
}

/// Reads each request and closes the connection without an answer, as a process that dies. Health is answered.
pub(crate) async fn dies_with_each_request() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<AtomicUsize> = Arc::default();
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(read_and_die(stream, Arc::clone(&counted)));
        }
    });
    (address, asked)
}

async fn read_and_die(mut stream: TcpStream, asked: Arc<AtomicUsize>) {
    let mut read = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut read).await {
        if !read[..length].starts_with(b"GET /health") {
            asked.fetch_add(1, Ordering::SeqCst);
            return;
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    }
}

fn routes() -> OpenApiRouter<Role> {
    OpenApiRouter::new()
        .routes(routes!(get_plan, put_plan))
        .routes(routes!(post_plans))
        .routes(routes!(get_users))
        .routes(routes!(get_events))
        .routes(routes!(get_file, put_file))
        .routes(routes!(get_refusal, post_refusal))
        .routes(routes!(get_socket))
}

/// What was asked, as JSON.
async fn seen(role: &Role, request: Request) -> Json<Value> {
    let (head, body) = request.into_parts();
    let all = |name| {
        let values = head.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let names = head.headers.keys().map(http::HeaderName::as_str);
    let headers: serde_json::Map<_, _> =
        names.map(|name| (name.to_owned(), json!(all(name)))).collect();
    let body = body.collect().await.unwrap().to_bytes();
    Json(json!({
        "role": role.name,
        "method": head.method.as_str(),
        "uri": head.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}

/// Get
#[utoipa::path(get, path = "/api/v1/plans/{id}", responses((status = 200)))]
async fn get_plan(State(role): State<Role>, request: Request) -> Response {
    let headers = [("etag", "\"3\""), ("trainer-position", "7"), ("keep-alive", "timeout=9")];
    (headers, seen(&role, request).await).into_response()
}

/// Put
#[utoipa::path(put, path = "/api/v1/plans/{id}", responses((status = 200)))]
async fn put_plan(State(role): State<Role>, request: Request) -> Json<Value> {
    seen(&role, request).await
}

/// Post
#[utoipa::path(
    post,
    path = "/api/v1/plans",
    params(("Idempotency-Key" = Option<String>, Header, description = "Carried out once for it")),
    responses((status = 201)),
)]
async fn post_plans(State(role): State<Role>, request: Request) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, seen(&role, request).await)
}

/// For administrators
#[utoipa::path(get, path = "/api/v1/admin/users", responses((status = 200)))]
async fn get_users(State(role): State<Role>, request: Request) -> Json<Value> {
    seen(&role, request).await
}

/// Events, one for each piece that the test lets go
#[utoipa::path(get, path = "/api/v1/events", responses((status = 200)))]
async fn get_events(State(role): State<Role>) -> Response {
    let events = stream::unfold(role.pieces, async |pieces| {
        pieces.acquire().await.ok()?.forget();
        Some((Ok::<_, std::convert::Infallible>(Event::default().data("ran")), pieces))
    });
    Sse::new(events).into_response()
}

/// Three megabytes, of which nobody says how many they are
#[utoipa::path(get, path = "/api/v1/file", responses((status = 200)))]
async fn get_file() -> Body {
    let piece = Bytes::from(vec![b'x'; 30_000]);
    Body::from_stream(stream::repeat(piece).take(100).map(Ok::<_, std::convert::Infallible>))
}

/// Counts what it gets
#[utoipa::path(
    put,
    path = "/api/v1/file",
    params(("Idempotency-Key" = Option<String>, Header, description = "Carried out once for it")),
    responses((status = 200)),
)]
async fn put_file(headers: HeaderMap, body: Body) -> Result<String, StatusCode> {
    let announced = headers.get("content-length").map(|length| length.to_str().unwrap().to_owned());
    let read = body.collect().await.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes().len();
    Ok(format!("{read} of {announced:?}"))
}

/// What a role says when its database is away
#[utoipa::path(get, path = "/api/v1/refusal", responses((status = 503)))]
async fn get_refusal() -> service::Problem {
    service::Problem::unavailable(5).detail("in the role's own words")
}

/// Refuses to write, too
#[utoipa::path(
    post,
    path = "/api/v1/refusal",
    params(("Idempotency-Key" = Option<String>, Header, description = "Carried out once for it")),
    responses((status = 503)),
)]
async fn post_refusal() -> service::Problem {
    get_refusal().await
}

/// Says everything back, in capitals
#[utoipa::path(get, path = "/api/v1/socket", responses((status = 101)))]
async fn get_socket(mut request: Request) -> Response {
    if request.headers().get("sec-websocket-key").is_none() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let client = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut client = TokioIo::new(client.await.unwrap());
        let mut read = [0; 1_000];
        while let Ok(length @ 1..) = client.read(&mut read).await {
            client.write_all(&read[..length].to_ascii_uppercase()).await.unwrap();
        }
    });
    let headers =
        [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", "yes")];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}
