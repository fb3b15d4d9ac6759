use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::PgPool;

use crate::api::{Api, new_database, nobody};

/// Whoever waits, waits longer than anything else takes.
const PATIENT: (&str, &str) = ("prefer", "wait=30");

#[tokio::test]
async fn a_read_waits_for_the_position_it_names() {
    let api = Api::over(&new_database().await, 4).await;
    let runner = api.runner();
    let run = runner.run(json!({})).await;
    reach(&api.pool, 6).await;
    let path = format!("/api/v1/runs/{run}");
    let headers = [("trainer-position", "7"), ("prefer", "wait=20")];
    let (answer, ()) = tokio::join!(runner.get_with(&path, &headers), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        sqlx::query("update runs set version = 2").execute(&api.pool).await.expect("updated");
        reach(&api.pool, 7).await;
    });
    assert_eq!((answer.status.as_u16(), answer.header("trainer-consistency")), (200, None));
    assert_eq!(answer.json()["version"], 2);
}

#[tokio::test]
async fn a_read_that_cannot_wait_longer_says_it_is_stale() {
    let api = Api::over(&new_database().await, 4).await;
    let runner = api.runner();
    let run = runner.run(json!({})).await;
    reach(&api.pool, 6).await;
    let path = format!("/api/v1/runs/{run}");
    let stale = async |path: &str, prefer: Option<&str>| {
        let begun = Instant::now();
        let mut headers = vec![("trainer-position", "7")];
        headers.extend(prefer.map(|prefer| ("prefer", prefer)));
        let answer = runner.get_with(path, &headers).await;
        assert_eq!(answer.header("trainer-consistency"), Some("stale"), "{path} {prefer:?}");
        (answer.status.as_u16(), begun.elapsed())
    };
    let (status, usual) = stale(&path, None).await;
    assert_eq!(status, 200);
    assert!((2_000..9_000).contains(&usual.as_millis()), "{usual:?}");
    for (prefer, at_least) in
        [(Some("respond-async"), 0), (Some("wait=0"), 0), (Some("wait=1"), 1_000)]
    {
        let (status, waited) = stale(&path, prefer).await;
        assert_eq!(status, 200, "{prefer:?}");
        assert!(waited.as_millis() >= at_least && waited < usual, "{prefer:?}: {waited:?}");
    }
    // It may only not be there yet.
    let unknown = format!("/api/v1/plans/{}", uuid::Uuid::now_v7());
    assert_eq!(stale(&unknown, Some("wait=0")).await.0, 404);
    assert_eq!(stale("/api/v1/analytics/summary", Some("wait=0")).await.0, 200);
}

#[tokio::test]
async fn a_read_that_names_a_reached_position_or_none_does_not_wait() {
    let api = Api::over(&new_database().await, 4).await;
    let runner = api.runner();
    reach(&api.pool, 6).await;
    for headers in [
        &[("trainer-position", "6"), PATIENT][..],
        &[("trainer-position", "0"), PATIENT],
        &[PATIENT],
    ] {
        let begun = Instant::now();
        let answer = runner.get_with("/api/v1/plans", headers).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("trainer-consistency")),
            (200, None),
            "{headers:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(15), "{headers:?}");
    }
    assert_eq!(runner.get_with("/api/v1/plans", &[("trainer-position", "soon")]).await.status, 400);
}

#[tokio::test]
async fn nobody_unknown_keeps_us_waiting() {
    let api = Api::start().await;
    let begun = Instant::now();
    let headers = [("trainer-position", "999999999"), PATIENT];
    let answer = api.get("/api/v1/plans", &headers, nobody()).await;
    assert_eq!(answer.status, 401);
    assert!(begun.elapsed() < Duration::from_secs(15));
}

async fn reach(pool: &PgPool, position: i64) {
    let statement = "update projector.checkpoints set position = $1 where generation = 'live'";
    sqlx::query(statement).bind(position).execute(pool).await.expect("updated");
}
