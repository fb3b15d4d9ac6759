//! What every client of the public door sees, whichever API answers.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use gateway::{AllowedOrigins, DoorSettings, Gateway, Origin, PerMinute, RateLimits};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use service::{
    Access, ApiKeys, HealthChecks, Metrics, Principal, Scope, TrustedProxies, Verifier,
    VerifyingKey,
};
use sqlx::PgPool;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

const FIRST: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4_000);
const SECOND: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), 4_000);

/// List the plans
#[utoipa::path(get, path = "/api/v1/plans", responses((status = 200)))]
async fn list_plans(principal: Principal) -> String {
    principal.user_id.to_string()
}

/// Create a plan
#[utoipa::path(post, path = "/api/v1/plans", responses((status = 201)))]
async fn create_plan() -> StatusCode {
    StatusCode::CREATED
}

/// Log in
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", responses((status = 200)))]
async fn login() -> StatusCode {
    StatusCode::OK
}

/// Who am I
#[utoipa::path(get, path = "/api/v1/auth/me", security(("bearer" = [])), responses((status = 200)))]
async fn me(_: Principal) {}

#[derive(utoipa::OpenApi)]
#[openapi(tags((name = "auth", description = "in its own words")))]
struct AuthDocument;

/// On its way out
#[utoipa::path(
    get,
    path = "/api/v1/old/{id}",
    responses((status = 200)),
    extensions(
        ("x-deprecated-on" = json!("2027-01-31")),
        ("x-sunset-on" = json!("2027-07-31")),
        ("x-successor" = json!("/api/v1/plans")),
    ),
)]
async fn old() {}

/// Panic
#[utoipa::path(get, path = "/api/v1/panic", responses((status = 500)))]
async fn panic() -> StatusCode {
    panic!("on purpose")
}

fn limits(reads: u32, writes: u32, credentials: u32) -> RateLimits {
    let number = |number| NonZeroU32::new(number).expect("not zero");
    RateLimits::PerMinute(PerMinute {
        reads: number(reads),
        writes: number(writes),
        key_reads: number(reads),
        key_writes: number(writes),
        credentials: number(credentials),
    })
}

fn door(rate_limits: RateLimits) -> Router {
    door_with(DoorSettings { rate_limits, ..DoorSettings::default() })
}

fn door_with(door: DoorSettings) -> Router {
    let key = VerifyingKey { kid: "one".to_owned(), public_key: key().verifying_key().to_bytes() };
    let nowhere = PgPool::connect_lazy("postgres://nobody@127.0.0.1:9/nothing").expect("a pool");
    Gateway {
        apis: vec![
            OpenApiRouter::default().routes(routes!(create_plan)).into(),
            OpenApiRouter::default()
                .routes(routes!(list_plans))
                .routes(routes!(panic))
                .routes(routes!(old))
                .into(),
            OpenApiRouter::with_openapi(<AuthDocument as utoipa::OpenApi>::openapi())
                .routes(routes!(login))
                .routes(routes!(me))
                .split_for_parts()
                .into(),
        ],
        verifier: Verifier::with_keys(vec![key]).with_api_keys(api_keys()),
        health: HealthChecks::new("running-trainer", "0", nowhere, None),
        metrics: Metrics::install().expect("metrics"),
        door,
    }
    .router()
}

/// Every key is the first user's.
fn api_keys() -> ApiKeys {
    ApiKeys::new(|digest| {
        let principal = Principal {
            user_id: domain::OwnerId(Uuid::from_u128(1)),
            roles: vec![],
            access: Access::ApiKey(vec![Scope::Read]),
            jti: Uuid::from_slice(&digest[..16]).expect("sixteen bytes"),
            expires_at: chrono::Utc::now() + chrono::TimeDelta::hours(1),
        };
        Box::pin(async move { Ok(Some(principal)) })
    })
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn bearer(user: u128) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let now = chrono::Utc::now().timestamp();
    let claims = json!({"sub": Uuid::from_u128(user), "roles": ["athlete"], "exp": now + 900, "iat": now,
        "jti": Uuid::nil(), "iss": "running-trainer", "aud": "running-trainer"});
    let message = format!("{}.{}", part(json!({"alg": "EdDSA", "kid": "one"})), part(claims));
    format!(
        "Bearer {message}.{}",
        URL_SAFE_NO_PAD.encode(key().sign(message.as_bytes()).to_bytes())
    )
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    fn number(&self, name: &str) -> u64 {
        self.header(name).parse().unwrap_or_else(|_| panic!("{name} is {:?}", self.header(name)))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

async fn send(
    door: &Router,
    method: &str,
    path: &str,
    from: SocketAddr,
    user: Option<u128>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(user) = user {
        request = request.header("authorization", bearer(user));
    }
    let mut request = request.body(Body::empty()).expect("a request");
    request.extensions_mut().insert(ConnectInfo(from));
    let (parts, body) = door.clone().oneshot(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn get(door: &Router, path: &str) -> Answer {
    send(door, "GET", path, FIRST, None).await
}

#[tokio::test]
async fn apis_may_share_a_path() {
    let door = door(RateLimits::default());
    assert_eq!(send(&door, "POST", "/api/v1/plans", FIRST, Some(1)).await.status, 201);
    let read = send(&door, "GET", "/api/v1/plans", FIRST, Some(1)).await;
    assert_eq!((read.status, read.text()), (200, Uuid::from_u128(1).to_string()));
    let neither = send(&door, "DELETE", "/api/v1/plans", FIRST, Some(1)).await;
    assert_eq!(neither.status, 405);
    let mut allowed = neither.header("allow").split(',').collect::<Vec<_>>();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    assert_eq!(neither.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn who_sends_too_much_is_told_when_to_come_back() {
    let door = door(limits(3, 2, 1));
    for remaining in [2, 1, 0] {
        let answer = send(&door, "GET", "/api/v1/plans", FIRST, Some(1)).await;
        assert_eq!((answer.status, answer.number("x-ratelimit-limit")), (200, 3));
        assert_eq!(answer.number("x-ratelimit-remaining"), remaining);
    }
    let refused = send(&door, "GET", "/api/v1/plans", FIRST, Some(1)).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert!((1..=20).contains(&refused.number("retry-after")), "{}", refused.header("retry-after"));
    assert_eq!(refused.number("x-ratelimit-remaining"), 0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    assert!((now + 55..=now + 62).contains(&refused.number("x-ratelimit-reset")));
    assert!(refused.text().contains("urn:running-trainer:problem:too-many-requests"));
    assert!(!refused.header("x-request-id").is_empty());
}

#[tokio::test]
async fn reads_and_writes_and_users_and_addresses_have_budgets_of_their_own() {
    let door = door(limits(1, 1, 1));
    let status = async |method: &str, from, user| {
        send(&door, method, "/api/v1/plans", from, user).await.status
    };
    assert_eq!(status("GET", FIRST, Some(1)).await, 200);
    assert_eq!(status("GET", SECOND, Some(1)).await, 429, "a user is the same everywhere");
    assert_eq!(status("POST", FIRST, Some(1)).await, 201, "writes count apart");
    assert_eq!(status("POST", FIRST, Some(1)).await, 429);
    assert_eq!(status("GET", FIRST, Some(2)).await, 200, "another user");
    assert_eq!(status("GET", FIRST, None).await, 401, "nobody, from an address");
    assert_eq!(status("GET", FIRST, None).await, 429);
    assert_eq!(status("GET", SECOND, None).await, 401, "another address");
}

#[tokio::test]
async fn guessing_passwords_is_limited_by_address() {
    let door = door(limits(100, 100, 2));
    let login = async |from, user| send(&door, "POST", "/api/v1/auth/login", from, user).await;
    assert_eq!(login(FIRST, None).await.number("x-ratelimit-limit"), 2);
    assert_eq!(login(FIRST, Some(1)).await.status, 200);
    assert_eq!(login(FIRST, Some(2)).await.status, 429, "a token buys no more guesses");
    assert_eq!(send(&door, "POST", "/api/v1/auth/register", FIRST, None).await.status, 429);
    assert_eq!(login(SECOND, None).await.status, 200);
    assert_eq!(send(&door, "POST", "/api/v1/plans", FIRST, None).await.status, 201);
}

#[tokio::test]
async fn a_header_does_not_change_where_a_request_comes_from() {
    let door = door(limits(100, 100, 1));
    for (forged, status) in [("203.0.113.1", 200), ("203.0.113.2", 429)] {
        let mut request = Request::post("/api/v1/auth/login")
            .header("x-forwarded-for", forged)
            .header("forwarded", format!("for={forged}"))
            .body(Body::empty())
            .expect("a request");
        request.extensions_mut().insert(ConnectInfo(FIRST));
        assert_eq!(door.clone().oneshot(request).await.expect("an answer").status(), status);
    }
}

async fn login_through(door: &Router, proxy: SocketAddr, forwarded_for: &str) -> u16 {
    let mut request = Request::post("/api/v1/auth/login")
        .header("x-forwarded-for", forwarded_for)
        .body(Body::empty())
        .expect("a request");
    request.extensions_mut().insert(ConnectInfo(proxy));
    door.clone().oneshot(request).await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_budget() {
    let network = "192.0.2.0/31".parse().expect("a network");
    let door = door_with(DoorSettings {
        rate_limits: limits(100, 100, 1),
        trusted_proxies: TrustedProxies::new([network]),
        ..DoorSettings::default()
    });
    assert_eq!(login_through(&door, FIRST, "203.0.113.1").await, 200);
    assert_eq!(login_through(&door, FIRST, "203.0.113.2").await, 200, "another client");
    assert_eq!(login_through(&door, FIRST, "203.0.113.2").await, 429);
    assert_eq!(login_through(&door, FIRST, "198.51.100.9, 203.0.113.2").await, 429, "made up");
    // The second is no proxy of ours, whatever it says.
    assert_eq!(login_through(&door, SECOND, "203.0.113.3").await, 200);
    assert_eq!(login_through(&door, SECOND, "203.0.113.4").await, 429);
}

#[tokio::test]
async fn tls_at_the_proxy_is_tls_for_browsers() {
    let network = "192.0.2.0/31".parse().expect("a network");
    let door = door_with(DoorSettings {
        trusted_proxies: TrustedProxies::new([network]),
        ..DoorSettings::default()
    });
    for (from, proto, strict) in
        [(FIRST, "https", true), (FIRST, "http", false), (SECOND, "https", false)]
    {
        let mut request = Request::get("/health/live")
            .header("x-forwarded-proto", proto)
            .body(Body::empty())
            .expect("a request");
        request.extensions_mut().insert(ConnectInfo(from));
        let answer = door.clone().oneshot(request).await.expect("an answer");
        let says_so = answer.headers().contains_key("strict-transport-security");
        assert_eq!(says_so, strict, "{from} {proto}");
    }
}

#[tokio::test]
async fn an_api_key_has_a_budget_of_its_own_within_its_users() {
    let number = |number| NonZeroU32::new(number).expect("not zero");
    let quotas = PerMinute { reads: number(6), key_reads: number(4), ..PerMinute::default() };
    let door = door_with(DoorSettings {
        rate_limits: RateLimits::PerMinute(quotas),
        ..DoorSettings::default()
    });
    let with_key = async |key: &str| {
        let mut request = Request::get("/api/v1/plans")
            .header("authorization", format!("Bearer {key}"))
            .body(Body::empty())
            .expect("a request");
        request.extensions_mut().insert(ConnectInfo(FIRST));
        let answer = door.clone().oneshot(request).await.expect("an answer");
        let told = |name: &str| answer.headers()[name].to_str().expect("ASCII").to_owned();
        (answer.status().as_u16(), told("x-ratelimit-limit"), told("x-ratelimit-remaining"))
    };
    let told =
        |status, limit: &str, remaining: &str| (status, limit.to_owned(), remaining.to_owned());
    for remaining in ["3", "2", "1", "0"] {
        assert_eq!(with_key("rtk_one").await, told(200, "4", remaining));
    }
    assert_eq!(with_key("rtk_one").await, told(429, "4", "0"));
    // Its user has two left, whatever they use, and those of the refused one.
    assert_eq!(with_key("rtk_two").await, told(200, "6", "1"));
    assert_eq!(send(&door, "GET", "/api/v1/plans", FIRST, Some(1)).await.status, 200);
    assert_eq!(with_key("rtk_two").await.0, 429);
    assert_eq!(send(&door, "GET", "/api/v1/plans", FIRST, Some(1)).await.status, 429);
}

#[tokio::test]
async fn pages_of_allowed_origins_may_ask_and_no_others() {
    let origin = |text: &str| text.parse::<Origin>().expect("an origin");
    let ask = async |door: &Router, method: &str, origin: &str| {
        let request = Request::builder()
            .method(method)
            .uri("/api/v1/plans")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization, idempotency-key")
            .body(Body::empty())
            .expect("a request");
        let answer = door.clone().oneshot(request).await.expect("an answer");
        let said = |name: &str| {
            let lines = answer.headers().get_all(name).iter();
            let lines = lines.map(|line| line.to_str().expect("ASCII").to_ascii_lowercase());
            lines.collect::<Vec<_>>().join(", ")
        };
        let of_preflight =
            ["access-control-allow-methods", "access-control-allow-headers"].map(said);
        let allowed = said("access-control-allow-origin");
        (answer.status().as_u16(), allowed, of_preflight, said("access-control-expose-headers"))
    };
    let closed = door(RateLimits::Off);
    assert_eq!(ask(&closed, "GET", "https://app.example").await.1, "");
    assert_eq!(ask(&closed, "OPTIONS", "https://app.example").await.0, 405);

    let listed = door_with(DoorSettings {
        rate_limits: limits(1, 1, 1),
        allowed_origins: AllowedOrigins::new([origin("https://app.example")]),
        ..DoorSettings::default()
    });
    for _ in 0..3 {
        let (status, allowed, [methods, headers], _) =
            ask(&listed, "OPTIONS", "https://app.example").await;
        assert_eq!((status, allowed.as_str()), (200, "https://app.example"), "without a budget");
        assert!(methods.contains("patch"), "{methods}");
        assert!(
            headers.contains("authorization") && headers.contains("idempotency-key"),
            "{headers}"
        );
    }
    assert_eq!(ask(&listed, "OPTIONS", "https://evil.example").await.1, "");
    for status in [401, 429] {
        // A page has to be able to read why it is refused.
        let (answered, allowed, _, exposed) = ask(&listed, "GET", "https://app.example").await;
        assert_eq!((answered, allowed.as_str()), (status, "https://app.example"));
        assert!(
            exposed.contains("x-ratelimit-remaining") && exposed.contains("retry-after"),
            "{exposed}"
        );
    }
    let anybody = door_with(DoorSettings {
        allowed_origins: AllowedOrigins::new([origin("https://app.example"), origin("*")]),
        ..DoorSettings::default()
    });
    assert_eq!(ask(&anybody, "GET", "https://evil.example").await.1, "*");
}

#[tokio::test]
async fn an_operation_on_its_way_out_says_so() {
    let door = door(RateLimits::Off);
    for (method, path) in [("GET", "/api/v1/old/7"), ("HEAD", "/api/v1/old/8")] {
        let answer = send(&door, method, path, FIRST, None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("deprecation"), "@1801353600");
        assert_eq!(answer.header("sunset"), "Sat, 31 Jul 2027 00:00:00 GMT");
        assert_eq!(answer.header("link"), r#"</api/v1/plans>; rel="successor-version""#);
    }
    for path in ["/api/v1/plans", "/nowhere"] {
        assert_eq!(get(&door, path).await.header("deprecation"), "", "{path}");
    }
    assert_eq!(send(&door, "POST", "/api/v1/old/7", FIRST, None).await.header("sunset"), "");
}

#[tokio::test]
async fn every_answer_tells_the_budget_and_is_safe_in_browsers() {
    let door = door(RateLimits::default());
    for (method, path, status) in [
        ("GET", "/api/v1/plans", 401),
        ("POST", "/api/v1/plans", 201),
        ("DELETE", "/api/v1/plans", 405),
        ("GET", "/api/v1/panic", 500),
        ("GET", "/nowhere", 404),
        ("GET", "/health/live", 204),
        ("GET", "/metrics", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/docs/", 200),
        ("GET", "/redoc", 200),
    ] {
        let answer = send(&door, method, path, FIRST, None).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.number("x-ratelimit-limit") >= answer.number("x-ratelimit-remaining"),
            "{path}"
        );
        answer.number("x-ratelimit-reset");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            answer.header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(answer.header("trainer-api-version"), "1", "{path}");
    }
    let api = get(&door, "/api/v1/plans").await;
    assert!(api.header("content-security-policy").starts_with("default-src 'none'; frame"));
    assert_eq!(api.number("x-ratelimit-limit"), 100);
    assert_eq!(get(&door, "/nowhere").await.number("x-ratelimit-limit"), 100);
}

#[tokio::test]
async fn who_watches_over_the_program_is_always_answered() {
    let door = door(limits(1, 1, 1));
    let began = Instant::now();
    for _ in 0..700 {
        assert_eq!(get(&door, "/health/live").await.status, 204);
    }
    let remaining = get(&door, "/health/live").await.number("x-ratelimit-remaining");
    // Of 600 a minute ten more are free each second.
    let at_most = (600 + began.elapsed().as_millis() as u64 / 100).saturating_sub(701);
    assert!(remaining <= at_most, "{remaining}, at most {at_most}");
    assert_eq!(
        get(&door, "/api/v1/plans").await.status,
        401,
        "and has spent nothing of another budget"
    );
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let door = door(RateLimits::Off);
    for _ in 0..300 {
        let answer = send(&door, "POST", "/api/v1/auth/login", FIRST, None).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (200, ""));
    }
}

#[tokio::test]
async fn the_document_holds_all_apis() {
    let door = door(RateLimits::default());
    let answer = get(&door, "/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let document: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert_eq!(document["info"]["title"], "Running Trainer");
    let plans = document["paths"]["/api/v1/plans"].as_object().expect("the plans");
    assert_eq!(plans.keys().collect::<Vec<_>>(), ["get", "post"]);
    assert!(document["paths"]["/health"]["get"].is_object());
    assert_eq!(document["security"], json!([{"bearer": []}]));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    for open in ["/api/v1/auth/login", "/health", "/health/live"] {
        let operation =
            document["paths"][open].as_object().and_then(|path| path.values().next()).expect("one");
        assert_eq!(operation["security"], json!([{}]), "{open}");
    }
}

#[tokio::test]
async fn the_document_names_each_tag_once_and_each_reference_leads_somewhere() {
    let document: Value =
        serde_json::from_slice(&get(&door(RateLimits::Off), "/openapi.json").await.body)
            .expect("JSON");
    let tags = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| tag["name"].as_str().expect("a name"));
    assert_eq!(
        tags.collect::<Vec<_>>(),
        [
            "plans",
            "workouts",
            "runs",
            "analytics",
            "pdf",
            "auth",
            "coaching",
            "admin",
            "operations",
            "health"
        ]
    );
    let me = &document["paths"]["/api/v1/auth/me"]["get"];
    assert_eq!(me["security"], json!([{"bearer": []}]));
    let mut references = vec![];
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect_references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            into.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|inner| collect_references(inner, into));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_references(inner, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn the_pages_name_nobody_else() {
    let door = door(RateLimits::default());
    let redirect = get(&door, "/docs").await;
    assert_eq!((redirect.status, redirect.header("location")), (303, "/docs/"));
    for path in ["/docs/", "/docs/swagger-initializer.js", "/docs/index.css", "/redoc"] {
        let page = get(&door, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.text().contains("https://") && !page.text().contains("http://"), "{path}");
        assert!(page.header("content-security-policy").contains("script-src 'self'"), "{path}");
    }
    assert!(get(&door, "/docs/swagger-initializer.js").await.text().contains("/openapi.json"));
    assert_eq!(get(&door, "/docs/nothing").await.status, 404);

    let script = get(&door, "/redoc/redoc.standalone.js").await;
    assert!(script.header("content-type").starts_with("text/javascript"));
    assert!(script.body.len() > 1_000_000);
    let mut again =
        Request::get("/redoc/redoc.standalone.js").body(Body::empty()).expect("a request");
    again.headers_mut().insert("if-none-match", script.headers["etag"].clone());
    assert_eq!(door.oneshot(again).await.expect("an answer").status(), 304);
}

#[tokio::test]
async fn a_program_without_its_database_says_so() {
    let door = door(RateLimits::default());
    let answer = get(&door, "/health").await;
    assert_eq!(answer.status, 503);
    let report: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((&report["status"], &report["database"]), (&json!("down"), &json!("unreachable")));
}
