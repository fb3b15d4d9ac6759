use std::time::Duration;

use domain::OwnerId;
use http::{Method, StatusCode};
use projector::erase_from_others;
use serde_json::{Value, json};
use service::Role;
use uuid::Uuid;

use crate::app::{App, somebody};

const RUNS: &str = "/api/v1/admin/projections/runs";
const VERIFY: &str = "/api/v1/admin/projections/runs/verify";

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
    for examples in ["1001", "-1", "some"] {
        let (status, _) = app.post(&format!("{RUNS}/diff?examples={examples}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{examples}");
    }
    let one = app.posted(&format!("{RUNS}/diff?examples=1")).await;
    assert_eq!(one["differences"]["first"], json!(expected));
}

#[tokio::test]
async fn a_verification_that_takes_long_goes_on_behind_its_answer() {
    let app = App::projecting().await;
    let hasty = app.another(Duration::from_millis(300));
    let ids = app.records(3).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 3).await;
    let (status, _) = app.get(VERIFY).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "there was none yet");
    sqlx::query("delete from runs where run_id = $1")
        .bind(ids[1])
        .execute(&app.pool)
        .await
        .unwrap();

    let mut held = app.pool.begin().await.unwrap();
    sqlx::query("lock table runs in access exclusive mode").execute(&mut *held).await.unwrap();
    let admin = somebody(&[Role::Admin]);
    let (status, headers, begun) = hasty.answer(Method::POST, VERIFY, admin).await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::ACCEPTED, VERIFY));
    assert_eq!((&begun["state"], &begun["report"]), (&json!("running"), &Value::Null));
    let (status, problem) = app.post(VERIFY).await;
    assert_eq!(status, StatusCode::CONFLICT, "one at a time: {problem}");
    // Any process tells.
    let (_, seen) = app.get(VERIFY).await;
    assert_eq!((&seen["state"], &seen["ended_at"]), (&json!("running"), &Value::Null));
    held.rollback().await.unwrap();

    let done = app.until(VERIFY, |verification| verification["state"] == "done").await;
    let report = &done["report"];
    assert_eq!((&report["clean"], &report["events"]), (&json!(false), &json!(3)));
    let missing =
        json!([{ "table": "runs", "key": { "run_id": ids[1] }, "how": "missing", "columns": [] }]);
    assert_eq!(report["differences"]["first"], missing);
    assert!(done["ended_at"].is_string() && done["error"].is_null(), "{done}");
}

#[tokio::test]
async fn how_a_check_has_ended_is_told_to_whoever_asks_later() {
    let app = App::projecting().await;
    app.records(2).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 2).await;
    app.posted(VERIFY).await;
    let (_, done) = app.get(VERIFY).await;
    assert_eq!((&done["state"], &done["report"]["clean"]), (&json!("done"), &json!(true)));

    let diff = format!("{RUNS}/diff");
    let (status, _) = app.post(&diff).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "there is nothing to compare with");
    let (_, failed) = app.get(&diff).await;
    let none = "there is no previous checkpoint of projection runs";
    assert_eq!((&failed["state"], &failed["error"]), (&json!("failed"), &json!(none)));

    // As one leaves it behind that was killed in the middle.
    sqlx::query("update projector.checks set ended_at = null, report = null, error = null")
        .execute(&app.pool)
        .await
        .unwrap();
    for path in [VERIFY, &diff] {
        let (_, left) = app.get(path).await;
        assert_eq!(left["state"], "interrupted", "{path}");
    }
    app.posted(VERIFY).await;
    let (_, done) = app.get(VERIFY).await;
    assert_eq!((&done["state"], &done["events"]), (&json!("done"), &json!(2)));
}

#[tokio::test]
async fn no_row_is_named_any_more_once_somebody_is_erased() {
    let app = App::projecting().await;
    let ids = app.records(2).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 2).await;
    sqlx::query("delete from runs where run_id = $1")
        .bind(ids[0])
        .execute(&app.pool)
        .await
        .unwrap();
    let named = |verification: &Value| {
        let differences = &verification["report"]["differences"];
        (differences["differing"]["runs"].as_u64(), differences["first"].as_array().unwrap().len())
    };
    app.posted(VERIFY).await;
    assert_eq!(named(&app.get(VERIFY).await.1), (Some(1), 1));

    let somebody = OwnerId(Uuid::now_v7());
    assert!(erase_from_others(&app.pool, somebody).await.unwrap());
    assert_eq!(named(&app.get(VERIFY).await.1), (Some(1), 0), "it was before the erasure");

    let erasure =
        "insert into es.erasures (owner_id, position, requested_at) values ($1, 3, now())";
    sqlx::query(erasure).bind(somebody.0).execute(&app.pool).await.unwrap();
    let answered = app.posted(VERIFY).await;
    assert_eq!(answered["differences"]["first"].as_array().unwrap().len(), 1);
    assert_eq!(named(&app.get(VERIFY).await.1), (Some(1), 0), "it ended during the erasure");
}
