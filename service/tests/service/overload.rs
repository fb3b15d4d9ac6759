//! What clients read when the database cannot serve them, on a real one.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get as on_get;
use embedded::testing::{TestServers, shared};
use futures::future::join_all;
use service::{Problem, enveloped};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::asking::{ask, empty, get};

async fn run(State(pool): State<PgPool>, Path(what): Path<String>) -> Result<(), Problem> {
    let query = match what.as_str() {
        "sleep" => sqlx::query("select pg_sleep(0.05)"),
        "nul" => sqlx::query("select $1::text").bind("a\0b"),
        _ => sqlx::query("select secret from no_such_table"),
    };
    query.execute(&pool).await?;
    Ok(())
}

async fn router(url: &str, connections: u32) -> Router {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(3))
        .connect(url)
        .await
        .expect("a connection");
    enveloped(Router::new().route("/{what}", on_get(run)).with_state(pool))
}

#[tokio::test]
async fn more_requests_than_connections_are_served_or_sent_away() {
    let router = router(&shared().database().await, 2).await;
    let answers = join_all((0..500).map(|_| ask(&router, empty(get("/sleep"))))).await;
    let (served, sent_away): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert!(!served.is_empty() && !sent_away.is_empty());
    for answer in sent_away {
        assert_eq!(answer.status, 503);
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        answer.problem();
    }
    // And it is over when it is over.
    assert_eq!(ask(&router, empty(get("/sleep"))).await.status, 200);
}

#[tokio::test]
async fn text_that_the_database_does_not_take_is_a_400() {
    let router = router(&shared().database().await, 2).await;
    let answer = ask(&router, empty(get("/nul"))).await;
    assert_eq!(answer.status, 400);
    answer.problem();
}

#[tokio::test]
async fn our_own_mistakes_are_a_500_that_tells_nothing() {
    let router = router(&shared().database().await, 2).await;
    let answer = ask(&router, empty(get("/mistake"))).await;
    assert_eq!(answer.status, 500);
    let text = answer.problem().to_string();
    assert!(!text.contains("secret") && !text.contains("no_such_table"), "{text}");
}

#[tokio::test]
async fn a_database_that_is_gone_is_a_503() {
    let servers = TestServers::start_own().await;
    let router = router(&servers.database().await, 2).await;
    assert_eq!(ask(&router, empty(get("/sleep"))).await.status, 200);
    drop(servers);
    for _ in 0..3 {
        let answer = ask(&router, empty(get("/sleep"))).await;
        assert_eq!(answer.status, 503);
        assert!(!answer.header("retry-after").is_empty());
    }
}
