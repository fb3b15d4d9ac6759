//! What `/health` says, on a real database and a real nats-server.

use std::time::{Duration, Instant};

use axum::Router;
use embedded::testing::shared;
use serde_json::{Value, json};
use service::{HealthChecks, enveloped};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::asking::{ask, empty, get};

async fn migrated() -> PgPool {
    let pool = PgPool::connect(&shared().database().await).await.expect("a connection");
    sqlx::migrate!("../migrations").run(&pool).await.expect("migrations");
    pool
}

fn router(pool: PgPool, nats: Option<async_nats::Client>) -> Router {
    enveloped(HealthChecks::new("trainer-test", "1.2.3", pool, nats).router())
}

async fn health(router: &Router) -> (u16, Value) {
    let answer = ask(router, empty(get("/health"))).await;
    (answer.status.as_u16(), answer.json())
}

fn projection<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut projections = report["projections"].as_array().expect("projections").iter();
    projections.find(|projection| projection["name"] == name).expect("it is among them")
}

#[tokio::test]
async fn a_program_with_its_database_is_ok() {
    let (status, report) = health(&router(migrated().await, None)).await;
    assert_eq!(status, 200);
    assert_eq!(report["status"], "ok");
    assert_eq!((&report["service"], &report["version"]), (&json!("trainer-test"), &json!("1.2.3")));
    assert_eq!((&report["database"], &report["nats"]), (&json!("connected"), &json!("not_used")));
    let plans = json!({
        "name": "plans", "position": 0, "lag_events": 0, "lag_seconds": 0.0, "parked_streams": 0,
    });
    assert_eq!(*projection(&report, "plans"), plans);
}

#[tokio::test]
async fn a_program_that_does_not_show_everything_is_degraded() {
    let pool = migrated().await;
    sqlx::query(
        "insert into projector.parked_streams
                (projection, generation, aggregate_type, stream_id, owner_id, position, event_type, reason)
         values ('plans', 'live', 'plan', $1, $1, 7, 'plan.teleported', 'unknown')",
    )
    .bind(uuid::Uuid::nil())
    .execute(&pool)
    .await
    .expect("a parked stream");
    let (status, report) = health(&router(pool, None)).await;
    assert_eq!((status, &report["status"]), (200, &json!("degraded")));
    let parked = ["plans", "runs"].map(|name| &projection(&report, name)["parked_streams"]);
    assert_eq!(parked, [&json!(1), &json!(0)]);
}

#[tokio::test]
async fn a_program_whose_mails_wait_for_long_is_degraded() {
    let pool = migrated().await;
    let queue = async |queued: &str, failed: bool| {
        sqlx::query(
            "insert into mail.queue (mail_id, kind, recipient, content, queued_at, useless_at, failed_at)
             values (gen_random_uuid(), 'test', 'ann@example.org', '', now() - $1::interval, now() + '1 day',
                     case when $2 then now() end)",
        )
        .bind(queued)
        .bind(failed)
        .execute(&pool)
        .await
        .expect("a mail");
    };
    queue("2 hours", true).await;
    queue("10 minutes", false).await;
    let (status, report) = health(&router(pool.clone(), None)).await;
    assert_eq!((status, &report["status"]), (200, &json!("ok")));
    assert_eq!((&report["mail"]["waiting"], &report["mail"]["given_up"]), (&json!(1), &json!(1)));
    assert!(report["mail"]["waiting_seconds"].as_f64().expect("seconds") >= 600.0);
    queue("16 minutes", false).await;
    let (status, report) = health(&router(pool.clone(), None)).await;
    assert_eq!((status, &report["status"]), (200, &json!("degraded")));
}

#[tokio::test]
async fn the_lag_is_that_of_the_first_event_not_shown() {
    let pool = migrated().await;
    for (position, age) in [(1, "2 hours"), (2, "1 hour"), (3, "0 seconds")] {
        sqlx::query(
            "insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                                    payload, metadata, owner_id, part, event_id, recorded_at)
             values ($1, 'plan', 'p', $1, 'plan.created', '1', '{}', '{}', $2, 0, $2, now() - $3::interval)",
        )
        .bind(position)
        .bind(uuid::Uuid::nil())
        .bind(age)
        .execute(&pool)
        .await
        .expect("an event");
    }
    sqlx::query("update es.head set position = 3").execute(&pool).await.expect("a head");
    sqlx::query("update projector.checkpoints set position = 1 where projection = 'plans'")
        .execute(&pool)
        .await
        .expect("a checkpoint");
    let (_, report) = health(&router(pool, None)).await;
    let plans = projection(&report, "plans");
    assert_eq!((&plans["position"], &plans["lag_events"]), (&json!(1), &json!(2)));
    let lag_seconds = plans["lag_seconds"].as_f64().expect("a number");
    assert!((3_600.0..3_660.0).contains(&lag_seconds), "{lag_seconds}");
}

#[tokio::test]
async fn without_its_database_a_program_is_down() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(30))
        .connect_lazy(&format!("postgres://nobody@127.0.0.1:{port}/nothing"))
        .expect("a pool");
    let router = router(pool, None);
    let began = Instant::now();
    let (status, report) = health(&router).await;
    assert_eq!(status, 503);
    assert_eq!((&report["status"], &report["database"]), (&json!("down"), &json!("unreachable")));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(ask(&router, empty(get("/health/ready"))).await.status, 503);
    // The process itself is well: starting it anew would help nobody.
    assert_eq!(ask(&router, empty(get("/health/live"))).await.status, 204);
}

#[tokio::test]
async fn without_its_tables_a_program_is_down_and_says_why() {
    let pool = PgPool::connect(&shared().database().await).await.expect("a connection");
    let (status, report) = health(&router(pool, None)).await;
    assert_eq!((status, &report["database"]), (503, &json!("not_migrated")));
}

#[tokio::test]
async fn without_nats_a_program_is_degraded_and_serves() {
    let nobody = async_nats::ConnectOptions::new()
        .retry_on_initial_connect()
        .connect("127.0.0.1:9")
        .await
        .expect("a client that goes on trying");
    let (status, report) = health(&router(migrated().await, Some(nobody))).await;
    assert_eq!(
        (status, &report["status"], &report["nats"]),
        (200, &json!("degraded"), &json!("disconnected"))
    );
}
