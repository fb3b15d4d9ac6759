//! What the access log says of a request, and what it never says.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::routing::get as on_get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signer, SigningKey};
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use service::{
    AccessLog, AccessLogTarget, HealthChecks, Principal, Problem, TrustedProxies, Verifier,
    VerifyingKey, authenticated, behind_proxies, enveloped_with,
};
use sqlx::PgPool;
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

use super::asking::{ask, empty, get, post_json};

const USER: Uuid = Uuid::from_u128(7);

/// A program whose access log is a file.
struct Logged {
    router: Router,
    folder: TempDir,
}

impl Logged {
    fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let target = AccessLogTarget::File(path(&folder));
        let router = enveloped_with(routes(), AccessLog::to(&target).expect("a file"));
        Self { router, folder }
    }

    async fn ask(&self, request: Request<Body>) {
        ask(&self.router, request).await;
    }

    /// The lines, once there are so many.
    async fn lines(&self, number: usize) -> Vec<Value> {
        lines(&path(&self.folder), number).await
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("access.log")
}

async fn lines(path: &Path, number: usize) -> Vec<Value> {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if text.lines().count() >= number && text.ends_with('\n') {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let text = waited.await.expect("lines");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn routes() -> Router {
    let key = SigningKey::from_bytes(&[1; 32]);
    let key = VerifyingKey { kid: "one".to_owned(), public_key: key.verifying_key().to_bytes() };
    let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:9/nothing").expect("a URL");
    let routes = Router::new()
        .route("/mine/{id}", on_get(async |_: Principal| "all mine"))
        .route("/refused", on_get(async || Problem::bad_request("in words")))
        .route("/panics", on_get(async || -> &'static str { panic!("on purpose") }))
        .route("/forever", on_get(async || std::future::pending::<()>().await))
        .route("/pieces", on_get(pieces))
        .merge(HealthChecks::new("test", "1", pool, None).router());
    let trusted = TrustedProxies::new(["10.0.0.0/8".parse().expect("a network")]);
    behind_proxies(authenticated(routes, Verifier::with_keys(vec![key])), trusted)
}

/// Three pieces, of which the last never comes.
async fn pieces() -> Body {
    let pieces = futures::stream::unfold(0, async |number| match number {
        0 | 1 => Some((Ok::<_, std::io::Error>(Bytes::from_static(b"12345")), number + 1)),
        _ => std::future::pending().await,
    });
    Body::from_stream(pieces)
}

fn token() -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let now = Utc::now().timestamp();
    let claims = json!({"sub": USER, "roles": ["athlete"], "exp": now + 900, "iat": now, "jti": Uuid::nil(),
        "iss": "running-trainer", "aud": "running-trainer"});
    let message = format!("{}.{}", part(json!({"alg": "EdDSA", "kid": "one"})), part(claims));
    let signature = SigningKey::from_bytes(&[1; 32]).sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn from(mut request: Request<Body>, address: &str) -> Request<Body> {
    let address: SocketAddr = address.parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

#[tokio::test]
async fn a_request_is_told_in_one_line() {
    let logged = Logged::start();
    let request = get("/mine/5b6ae7a8?secret=in-the-query")
        .header("authorization", format!("Bearer {}", token()))
        .header("cookie", "session=secret")
        .header("x-request-id", "the-request\"\\");
    logged.ask(from(empty(request), "[::ffff:203.0.113.9]:4711")).await;
    let line = logged.lines(1).await.remove(0);
    let time: DateTime<Utc> = line["time"].as_str().expect("a time").parse().expect("a time");
    assert!((Utc::now() - time).num_seconds().abs() < 60, "{line}");
    assert!(line["duration_ms"].as_f64().is_some_and(|ms| (0.0..60_000.0).contains(&ms)), "{line}");
    let mut rest = line;
    for varying in ["time", "duration_ms"] {
        rest.as_object_mut().expect("an object").remove(varying);
    }
    assert_eq!(
        rest,
        json!({
            "request_id": "the-request\"\\", "client": "203.0.113.9", "user_id": USER, "api_key_id": null,
            "method": "GET", "route": "/mine/{id}", "protocol": "HTTP/1.1", "status": 200, "bytes": 8,
            "complete": true, "upstream": null, "attempts": null,
        })
    );
}

#[tokio::test]
async fn what_is_nobodys_business_is_in_no_line() {
    let logged = Logged::start();
    let token = token();
    let secrets = [token.as_str(), "in-the-query", "in-the-path", "in-the-body", "in-a-header"];
    for path in ["/mine/in-the-path?token=in-the-query", "/nowhere/in-the-path?in-the-query"] {
        let request = get(path).header("authorization", format!("Bearer {token}"));
        logged.ask(empty(request.header("cookie", "in-a-header"))).await;
        let mut written = post_json(path, r#"{"password": "in-the-body"}"#);
        written.headers_mut().insert("x-api-key", "in-a-header".parse().expect("a value"));
        logged.ask(written).await;
    }
    let lines = logged.lines(4).await;
    for line in &lines {
        for secret in secrets {
            assert!(!line.to_string().contains(secret), "{secret}: {line}");
        }
    }
    let told = lines.iter().map(|line| (line["route"].as_str(), line["status"].as_u64()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Some("/mine/{id}"), Some(200)),
            (Some("/mine/{id}"), Some(405)),
            (Some("unmatched"), Some(404)),
            (Some("unmatched"), Some(404))
        ]
    );
}

#[tokio::test]
async fn the_client_is_whom_a_trusted_proxy_names() {
    let logged = Logged::start();
    let request = || empty(get("/refused").header("x-forwarded-for", "198.51.100.7, 203.0.113.5"));
    logged.ask(from(request(), "10.0.0.1:80")).await;
    logged.ask(from(request(), "192.0.2.1:80")).await;
    let lines = logged.lines(2).await;
    assert_eq!(lines[0]["client"], "203.0.113.5");
    assert_eq!(lines[1]["client"], "192.0.2.1", "which is not trusted");
}

#[tokio::test]
async fn refusals_panics_and_answers_without_a_body_are_told_too() {
    let logged = Logged::start();
    logged.ask(empty(get("/refused"))).await;
    logged.ask(empty(get("/panics"))).await;
    logged.ask(empty(Request::head("/mine/1"))).await;
    logged.ask(empty(Request::builder().method("BREW").uri("/refused"))).await;
    let lines = logged.lines(4).await;
    let told = lines.iter().map(|line| (line["method"].as_str(), line["status"].as_u64()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Some("GET"), Some(400)),
            (Some("GET"), Some(500)),
            (Some("HEAD"), Some(401)),
            (Some("other"), Some(405))
        ]
    );
    assert!(lines.iter().all(|line| line["complete"] == true), "{lines:#?}");
    assert!(lines[0]["bytes"].as_u64() > Some(0), "{}", lines[0]);
}

#[tokio::test]
async fn of_what_breaks_off_is_told_how_far_it_came() {
    let logged = Logged::start();
    let answer = logged.router.clone().oneshot(empty(get("/pieces"))).await.expect("an answer");
    let mut body = answer.into_body();
    for _ in 0..2 {
        body.frame().await.expect("a piece").expect("a piece");
    }
    drop(body);
    let unanswered = logged.router.clone().oneshot(empty(get("/forever")));
    assert!(tokio::time::timeout(Duration::from_millis(50), unanswered).await.is_err());
    let lines = logged.lines(2).await;
    let told =
        |line: &Value| (line["status"].clone(), line["bytes"].clone(), line["complete"].clone());
    assert_eq!(told(&lines[0]), (json!(200), json!(10), json!(false)));
    assert_eq!(told(&lines[1]), (json!(null), json!(0), json!(false)));
}

#[tokio::test]
async fn what_machines_ask_again_and_again_is_in_no_line() {
    let logged = Logged::start();
    for path in ["/health/live", "/health/ready", "/health", "/refused"] {
        logged.ask(empty(get(path))).await;
    }
    let routes: Vec<_> = logged.lines(1).await.iter().map(|line| line["route"].clone()).collect();
    assert_eq!(routes, ["/refused"]);
}

#[tokio::test]
async fn a_file_that_was_moved_away_is_made_again() {
    let logged = Logged::start();
    logged.ask(empty(get("/refused"))).await;
    logged.lines(1).await;
    let moved = logged.folder.path().join("access.log.1");
    std::fs::rename(path(&logged.folder), &moved).expect("moved");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    logged.ask(empty(get("/mine/1"))).await;
    assert_eq!(logged.lines(1).await[0]["route"], "/mine/{id}");
    assert_eq!(lines(&moved, 1).await.len(), 1);
}

#[tokio::test]
async fn every_line_is_there_at_the_end() {
    let Logged { router, folder } = Logged::start();
    for _ in 0..500 {
        ask(&router, empty(get("/refused"))).await;
    }
    drop(router);
    let text = std::fs::read_to_string(path(&folder)).expect("a file");
    assert_eq!(text.lines().count(), 500);
}

#[test]
fn where_it_is_written_is_a_word_or_a_file() {
    let target = |text: &str| text.parse::<AccessLogTarget>().expect("any text");
    assert_eq!(target("off"), AccessLogTarget::Off);
    assert_eq!(target("stdout"), AccessLogTarget::Stdout);
    assert_eq!(target("/var/log/x.log"), AccessLogTarget::File("/var/log/x.log".into()));
    assert!(AccessLog::to(&target("/nowhere/at/all.log")).is_err());
}
