//! What clients spend at one gateway they have spent at the others.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use gateway::{DoorSettings, Gateway, PerMinute, RateLimits};
use http::{Request, Response, StatusCode};
use service::{HealthChecks, Metrics, Verifier};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// List the plans
#[utoipa::path(get, path = "/api/v1/plans", responses((status = 200)))]
async fn list_plans() {}

/// Log in
#[utoipa::path(post, path = "/api/v1/auth/login", responses((status = 200)))]
async fn login() {}

async fn database() -> PgPool {
    let url = embedded::testing::shared().database().await;
    // All of them at once, before anything is counted by time.
    let connections = PgPoolOptions::new().max_connections(8).min_connections(8);
    let pool = connections.connect(&url).await.unwrap();
    sqlx::migrate!("../migrations").run(&pool).await.unwrap();
    pool
}

/// A gateway where each address has so many reads and logins a minute.
fn gateway(reads: u32, logins: u32, pool: &PgPool) -> Router {
    let number = |number| NonZeroU32::new(number).unwrap();
    let quotas =
        PerMinute { reads: number(reads), credentials: number(logins), ..PerMinute::default() };
    Gateway {
        apis: vec![
            OpenApiRouter::default().routes(routes!(list_plans)).routes(routes!(login)).into(),
        ],
        verifier: Verifier::with_keys(vec![]),
        health: HealthChecks::new("gateway", "0", pool.clone(), None),
        metrics: Metrics::install().unwrap(),
        door: DoorSettings {
            rate_limits: RateLimits::PerMinute(quotas),
            limits_shared_in: Some(pool.clone()),
            ..DoorSettings::default()
        },
    }
    .router()
}

async fn send(gateway: &Router, method: &str, path: &str, from: [u8; 4]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 4_000))));
    gateway.clone().oneshot(request).await.unwrap()
}

/// How many of so many requests pass.
async fn pass(gateway: &Router, method: &str, path: &str, from: [u8; 4], requests: usize) -> usize {
    let all = (0..requests).map(|_| send(gateway, method, path, from));
    let answers = futures::future::join_all(all).await;
    let refused = answers.iter().filter(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS);
    requests - refused.count()
}

const ANN: [u8; 4] = [192, 0, 2, 1];
const BEN: [u8; 4] = [192, 0, 2, 2];
/// Longer than gateways take to tell each other.
const TOLD: Duration = Duration::from_millis(1_000);

#[tokio::test]
async fn attempts_at_a_secret_are_counted_once_for_all_gateways() {
    let pool = database().await;
    let (one, two) = (gateway(100, 10, &pool), gateway(100, 10, &pool));
    let login = |gateway, from| pass(gateway, "POST", "/api/v1/auth/login", from, 15);
    let (at_one, at_two) = futures::future::join(login(&one, ANN), login(&two, ANN)).await;
    // Another becomes free every six seconds.
    assert!((10..=12).contains(&(at_one + at_two)), "{at_one} + {at_two}");
    let other = login(&two, BEN).await;
    assert!((10..=12).contains(&other), "another address has its own: {other}");
    let refused = send(&one, "POST", "/api/v1/auth/login", BEN).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let told = |name: &str| refused.headers()[name].to_str().unwrap().parse::<u64>().unwrap();
    assert_eq!((told("x-ratelimit-limit"), told("x-ratelimit-remaining")), (10, 0));
    assert!((1..=6).contains(&told("retry-after")), "{}", told("retry-after"));
}

#[tokio::test]
async fn reads_at_one_gateway_are_spent_at_the_other_soon_after() {
    let pool = database().await;
    let (one, two) = (gateway(60, 10, &pool), gateway(60, 10, &pool));
    let read = |gateway, requests| pass(gateway, "GET", "/api/v1/plans", ANN, requests);
    assert_eq!(read(&one, 40).await, 40);
    tokio::time::sleep(TOLD).await;
    assert_eq!(read(&two, 1).await, 1, "it hears of the others with this one");
    tokio::time::sleep(TOLD).await;
    // Twenty are left, less one, and one more for each second that has passed.
    let left = read(&two, 60).await;
    assert!((19..=35).contains(&left), "{left}");
}

#[tokio::test]
async fn no_more_than_a_budget_of_each_gateway_passes_and_it_is_waited_for() {
    let pool = database().await;
    let gateways = [gateway(60, 10, &pool), gateway(60, 10, &pool), gateway(60, 10, &pool)];
    let read = |gateway| pass(gateway, "GET", "/api/v1/plans", ANN, 100);
    let at_once: usize = futures::future::join_all(gateways.iter().map(read)).await.iter().sum();
    assert!((60..=200).contains(&at_once), "{at_once}");
    // Each hears of the others with the next request that passes: after one or two no more do. Counted by each for itself,
    // six would become free at each of them.
    let mut more = 0;
    for _ in 0..12 {
        tokio::time::sleep(TOLD / 2).await;
        more += futures::future::join_all(gateways.iter().map(read)).await.iter().sum::<usize>();
    }
    assert!(more <= 8, "{more} after {at_once} of 60");
}

#[tokio::test]
async fn the_table_names_nobody_and_forgets() {
    let pool = database().await;
    let gateway = gateway(60, 10, &pool);
    assert_eq!(pass(&gateway, "GET", "/api/v1/plans", ANN, 50).await, 50);
    let rows = loop {
        let spent = sqlx::query_scalar("select spent::text from gateway.spent spent");
        let rows: Vec<String> = spent.fetch_all(&pool).await.unwrap();
        if !rows.is_empty() {
            break rows;
        }
        tokio::time::sleep(TOLD / 10).await;
    };
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(!rows[0].contains("192"), "{rows:?}");
}

#[tokio::test]
async fn without_postgres_each_gateway_counts_for_itself() {
    let pool = database().await;
    let gateway = gateway(60, 10, &pool);
    pool.close().await;
    let login = pass(&gateway, "POST", "/api/v1/auth/login", ANN, 15).await;
    assert!((10..=12).contains(&login), "{login}");
    let read = pass(&gateway, "GET", "/api/v1/plans", ANN, 100).await;
    assert!((60..=62).contains(&read), "{read}");
}
