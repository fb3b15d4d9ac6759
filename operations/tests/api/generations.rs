use event_store::Leadership;
use http::StatusCode;
use serde_json::json;

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
async fn comparing_and_verifying_name_rows_and_do_not_show_them() {
    let app = App::projecting().await;
    let ids = app.records(3).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 3).await;
    app.posted(&format!("{RUNS}/rebuild")).await;
    app.until(RUNS, |runs| runs["previous"].is_object()).await;
    app.posted(&format!("{RUNS}/rebuild?keep_beside=true")).await;
    app.until(RUNS, |runs| runs["next"]["position"] == 3).await;
    let clean = app.posted(&format!("{RUNS}/verify")).await;
    assert_eq!(
        (&clean["clean"], &clean["events"], &clean["position"]),
        (&json!(true), &json!(3), &json!(3))
    );
    for fault in [
        format!("update runs set notes = 'secret', distance_m = 1 where run_id = '{}'", ids[0]),
        format!("delete from runs where run_id = '{}'", ids[1]),
    ] {
        sqlx::query(&fault).execute(&app.pool).await.unwrap();
    }

    let wrong = app.posted(&format!("{RUNS}/verify")).await;
    assert_eq!(
        (&wrong["clean"], &wrong["differences"]["differing"]),
        (&json!(false), &json!({ "runs": 2 }))
    );
    let diff = app.posted(&format!("{RUNS}/diff?examples=5")).await;
    assert_eq!(
        (&diff["with"], &diff["live_position"], &diff["position"]),
        (&json!("next"), &json!(3), &json!(3))
    );
    let mut expected = vec![
        json!({ "table": "runs", "key": { "run_id": ids[0] }, "how": "differs", "columns": ["distance_m", "notes"] }),
        json!({ "table": "runs", "key": { "run_id": ids[1] }, "how": "missing", "columns": [] }),
    ];
    assert_eq!(diff["differences"]["first"], json!(expected));
    assert!(!format!("{wrong}{diff}").contains("secret"));
    expected.truncate(1);
    let one = app.posted(&format!("{RUNS}/diff?examples=1")).await;
    assert_eq!(one["differences"]["first"], json!(expected));
}
