use event_store::Leadership;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;

const RUNS: &str = "/api/v1/admin/projections/runs";

#[tokio::test]
async fn a_rebuild_goes_on_behind_its_answer_and_is_taken_back() {
    let app = App::projecting().await;
    app.records(5).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 5).await;

    let (status, begun) = app.post(&format!("{RUNS}/rebuild")).await;
    assert_eq!((status, &begun["name"]), (StatusCode::ACCEPTED, &json!("runs")));
    let done = app.until(RUNS, |runs| runs["previous"].is_object()).await;
    assert_eq!((&done["live"]["position"], &done["next"]), (&json!(5), &json!(null)));
    let rows: i64 =
        sqlx::query_scalar("select count(*) from runs").fetch_one(&app.pool).await.unwrap();
    assert_eq!(rows, 5);

    app.posted(&format!("{RUNS}/rollback")).await;
    app.until(RUNS, |runs| runs["previous"]["position"] == 5).await;
    let (status, _) = app.post("/api/v1/admin/projections/plans/rollback").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "there is none before");
}

#[tokio::test]
async fn who_is_not_alone_is_told_so() {
    let app = App::projecting().await;
    let other = Leadership::try_take("generations of runs", &app.pool.connect_options())
        .await
        .unwrap()
        .unwrap();
    for what in ["rebuild", "rollback", "diff"] {
        let (status, problem) = app.post(&format!("{RUNS}/{what}")).await;
        assert_eq!(status, StatusCode::CONFLICT, "{what}: {problem}");
    }
    other.resign().await;
    app.posted(&format!("{RUNS}/rebuild?from_start=true")).await;
    let (status, _) = app.post(&format!("{RUNS}/rebuild?from_start=perhaps")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn how_a_rebuild_has_ended_is_told_to_whoever_asks_later() {
    let app = App::projecting().await;
    app.records(5).await;
    let runs = app.until(RUNS, |runs| runs["live"]["position"] == 5).await;
    assert_eq!(runs["rebuild"], json!(null));
    app.posted(&format!("{RUNS}/rebuild")).await;
    let done = app.until(RUNS, |runs| runs["rebuild"]["state"] == "done").await;
    let shown = &done["rebuild"];
    assert_eq!((&shown["kind"], &shown["events"]), (&json!("rebuild"), &json!(5)));
    assert!(shown["begun_at"].is_string() && shown["ended_at"].is_string(), "{shown}");
    assert_eq!((&shown["error"], &shown["remaining_s"]), (&json!(null), &json!(null)));

    // In the way of the exchange.
    sqlx::raw_sql("create schema outgoing_runs").execute(&app.pool).await.unwrap();
    app.posted(&format!("{RUNS}/rebuild")).await;
    let failed = app.until(RUNS, |runs| runs["rebuild"]["state"] == "failed").await;
    let error = failed["rebuild"]["error"].as_str().unwrap();
    assert_eq!(error, "the database failed, with SQLSTATE 42P06");
    assert_eq!(failed["live"]["position"], 5);
}

#[tokio::test]
async fn a_rebuild_that_was_killed_is_interrupted_and_one_that_goes_on_says_for_how_long() {
    let app = App::projecting().await;
    app.records(5).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 5).await;
    app.posted(&format!("{RUNS}/rebuild?keep_beside=true")).await;
    app.until(RUNS, |runs| runs["rebuild"]["state"] == "done").await;
    // As one leaves it behind that was killed in the middle.
    for begun in [
        "update projector.rebuilds set ended_at = null, begun_at = now() - interval '1 minute'",
        "update projector.checkpoints set position = 3 where generation = 'next'",
    ] {
        sqlx::query(begun).execute(&app.pool).await.unwrap();
    }
    // Whoever has ended lets go after saying so.
    let left = app.until(RUNS, |runs| runs["rebuild"]["state"] == "interrupted").await;
    assert_eq!(left["rebuild"]["events_per_s"], json!(null));
    let take = async |job: &str| {
        loop {
            let taken = Leadership::try_take(job, &app.pool.connect_options()).await;
            if let Some(taken) = taken.unwrap() {
                return taken;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    // A comparison or an erasure has that, too.
    let another = take("generations of runs").await;
    assert_eq!(app.get(RUNS).await.1["rebuild"]["state"], "interrupted");
    another.resign().await;
    let rebuild_id: Uuid = sqlx::query_scalar("select rebuild_id from projector.rebuilds")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    let at_it = take(&format!("rebuild {rebuild_id}")).await;
    let (_, running) = app.get(RUNS).await;
    let shown = &running["rebuild"];
    assert_eq!((&shown["kind"], &shown["state"]), (&json!("build"), &json!("running")));
    let (rate, left) =
        (shown["events_per_s"].as_f64().unwrap(), shown["remaining_s"].as_f64().unwrap());
    assert!((0.01..=0.05).contains(&rate) && (30.0..=90.0).contains(&left), "{shown}");
    at_it.resign().await;
}
