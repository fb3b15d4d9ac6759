//! `trainer projections`.

use serde_json::{Value, json};

use crate::files::RUNS;
use crate::operator::{Operator, must_fail};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_are_listed_and_rebuilt_beside_a_running_trainer() {
    let operator = Operator::new();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("runs.json", RUNS);
    folder.prints(&["import", "runs", &file, "--user", &email]);
    let runs = operator.list(&email, "/api/v1/runs").await;

    let list = json(&folder.prints(&["projections", "list", "--json"]));
    assert_eq!(list["head"], 2);
    for (item, name) in list["items"].as_array().unwrap().iter().zip(["plans", "runs"]) {
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
    assert_eq!(generations, ["live", "previous", "live", "previous"]);

    let message = must_fail(folder.run(&["projections", "rebuild", "walks"]));
    assert!(message.contains("walks") && message.contains("there are: plans, runs"), "{message}");
    operator.trainer.stop();
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
