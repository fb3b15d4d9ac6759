//! `trainer projections`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::files::RUNS;
use crate::operator::{Operator, must_fail, must_find_fault};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_are_listed_and_rebuilt_beside_a_running_trainer() {
    let operator = Operator::new();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("runs.json", RUNS);
    folder.prints(&["import", "runs", &file, "--user", &email]);
    let runs = operator.list(&email, "/api/v1/runs").await;

    // Where an event does not concern a projection, its checkpoint follows a little later.
    let began = Instant::now();
    let list = loop {
        let list = json(&folder.prints(&["projections", "list", "--json"]));
        let has_come = |item: &Value| item["lag_events"] == 0;
        if list["items"].as_array().unwrap().iter().all(has_come) {
            break list;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{list}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(list["head"], 2);
    for (item, name) in list["items"].as_array().unwrap().iter().zip(["exports", "plans", "runs"]) {
        let shown = [
            &item["projection"],
            &item["generation"],
            &item["version"],
            &item["position"],
            &item["lag_events"],
        ];
        assert_eq!(
            shown,
            [&json!(name), &json!("live"), &json!(1), &json!(2), &json!(0)],
            "{item}"
        );
    }
    let table = folder.prints(&["projections", "list"]);
    for word in ["projection", "plans", "runs", "live", "the last event is at position 2"] {
        assert!(table.contains(word), "{table}");
    }

    let rebuilt = json(&folder.prints(&["projections", "rebuild", "runs", "--json"]));
    assert_eq!((&rebuilt["projection"], &rebuilt["events"]), (&json!("runs"), &json!(2)));
    assert!(
        rebuilt["seconds"].as_f64().unwrap() > 0.0
            && rebuilt["events_per_s"].as_f64().unwrap() > 0.0
    );
    let told = folder.prints(&["projections", "rebuild", "plans"]);
    assert!(
        told.contains("plans rebuilt from 2 events") && told.contains("previous_plans"),
        "{told}"
    );
    assert_eq!(operator.list(&email, "/api/v1/runs").await, runs);
    let list = json(&folder.prints(&["projections", "list", "--json"]));
    let generations: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|item| &item["generation"]).collect();
    assert_eq!(generations, ["live", "live", "previous", "live", "previous"]);

    let message = must_fail(folder.run(&["projections", "rebuild", "walks"]));
    assert!(
        message.contains("walks") && message.contains("there are: plans, runs, exports"),
        "{message}"
    );
    operator.trainer.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_are_compared_verified_paused_and_brought_back() {
    let operator = Operator::new();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("runs.json", RUNS);
    folder.prints(&["import", "runs", &file, "--user", &email]);
    let runs = operator.list(&email, "/api/v1/runs").await;
    let status = || json(&folder.prints(&["projections", "status", "--json"]));
    assert_eq!(status()["items"][1]["state"], "up_to_date");

    folder.prints(&["projections", "rebuild", "--all", "--keep-beside"]);
    let shown = status();
    assert_eq!(shown["items"][1]["rebuild"]["position"], 2, "{shown}");
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    sqlx::query(
        "update runs set notes = 'wrong' where distance_m = (select max(distance_m) from runs)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let diff = json(&folder.prints(&["projections", "diff", "runs", "--json"]));
    assert_eq!(
        (&diff["with"], &diff["live_position"], &diff["position"]),
        (&json!("next"), &json!(2), &json!(2))
    );
    assert_eq!(diff["differences"]["first"][0]["found"], json!({ "notes": "wrong" }));
    let told = must_find_fault(folder.run(&["projections", "verify"]));
    let said =
        ["the rows of runs are not what the events say", "runs: 2 rows, 1 differ", "\"wrong\""];
    assert!(said.iter().all(|said| told.contains(said)), "{told}");
    folder.prints(&["projections", "rebuild", "runs"]);
    let told = folder.prints(&["projections", "verify"]);
    assert!(
        told.contains("runs: 2 rows, all equal") && told.contains("workouts: 0 rows"),
        "{told}"
    );
    assert_eq!(operator.list(&email, "/api/v1/runs").await, runs);

    let told = folder.prints(&["projections", "rollback", "runs"]);
    assert!(told.contains("brought back"), "{told}");
    must_find_fault(folder.run(&["projections", "verify", "runs"]));
    folder.prints(&["projections", "rollback", "runs"]);
    folder.prints(&["projections", "verify", "runs"]);

    folder.prints(&["projections", "pause", "runs"]);
    assert_eq!(status()["items"][1]["state"], "paused");
    folder.prints(&["projections", "resume", "runs"]);
    assert_eq!(status()["items"][1]["state"], "up_to_date");
    pool.close().await;
    operator.trainer.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_applied_is_shown_tried_again_and_dropped() {
    let operator = Operator::new();
    let (folder, email) = (&operator.folder, operator.account());
    assert_eq!(folder.prints(&["parked", "list"]), "nothing is parked\n");
    folder.prints(&["projections", "pause", "runs"]);
    let file = folder.write("runs.json", RUNS);
    folder.prints(&["import", "runs", &file, "--user", &email]);
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    let set_version = async |version: &str| {
        sqlx::query("update es.events set event_version = $1")
            .bind(version)
            .execute(&pool)
            .await
            .unwrap();
    };
    set_version("7").await;
    folder.prints(&["projections", "resume", "runs"]);
    let parked =
        || json(&folder.prints(&["parked", "list", "--json"]))["items"].as_array().unwrap().clone();
    let deadline = Instant::now() + Duration::from_secs(120);
    while parked().len() < 2 {
        assert!(Instant::now() < deadline, "what cannot be read is not parked");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let items = parked();
    let ids: Vec<_> = items.iter().map(|item| item["stream_id"].as_str().unwrap()).collect();
    assert_eq!(
        (&items[0]["position"], &items[0]["event_type"]),
        (&json!(1), &json!("run.recorded"))
    );
    let table = folder.prints(&["parked", "list"]);
    assert!(table.contains(ids[0]) && table.contains("version 7"), "{table}");
    let told = folder.prints(&["parked", "show", "runs", ids[0]]);
    assert!(told.contains("1 run.recorded version 7"), "{told}");
    let told = must_find_fault(folder.run(&["doctor"]));
    assert!(told.contains("2 streams are parked"), "{told}");
    let told = must_find_fault(folder.run(&["parked", "retry", "--all"]));
    assert_eq!(told.matches("still waits").count(), 2, "{told}");

    let told = folder.prints(&["parked", "drop", "runs", ids[0]]);
    assert!(told.contains("goes on in runs: 0 events applied"), "{told}");
    set_version("1").await;
    let told = folder.prints(&["parked", "retry", "runs", ids[1]]);
    assert!(told.contains("goes on in runs: 1 events applied"), "{told}");
    let message = must_fail(folder.run(&["parked", "retry", "runs", ids[1]]));
    assert!(message.contains("is not parked in runs"), "{message}");
    assert_eq!(folder.prints(&["parked", "retry", "--all"]), "nothing is parked\n");
    assert_eq!(operator.list(&email, "/api/v1/runs").await.len(), 1);
    folder.prints(&["projections", "verify", "runs"]);
    pool.close().await;
    operator.trainer.stop();
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
