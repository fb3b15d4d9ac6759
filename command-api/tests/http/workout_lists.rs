use serde_json::{Value, json};

use crate::api::{Api, id_of, with, workout};

fn list(count: usize) -> Value {
    let named = |n| with(workout(), json!({ "name": format!("Run {n}") }));
    json!({ "workouts": (0..count).map(named).collect::<Vec<_>>() })
}

#[tokio::test]
async fn a_list_of_workouts_is_added_in_its_order() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;

    let answer = runner.post(&format!("{plan}/workouts"), list(500)).await.must_be(201);

    assert_eq!((answer.header("etag"), answer.header("location")), (None, None));
    assert_eq!(answer.header("trainer-position"), Some("501"));
    let answer = answer.json();
    assert_eq!(answer["next_cursor"], Value::Null);
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 500);
    for (n, item) in items.iter().enumerate() {
        assert_eq!(
            (&item["name"], &item["plan_id"]),
            (&json!(format!("Run {n}")), &json!(id_of(&plan)))
        );
    }
    let seen = runner.see(&plan).await;
    assert_eq!((&seen["workout_count"], &seen["version"]), (&json!(500), &json!(501)));
}

#[tokio::test]
async fn a_list_is_added_as_a_whole_or_not_at_all() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = format!("{plan}/workouts");
    let mut wrong = list(4);
    wrong["workouts"][1]["scheduled_date"] = json!("2026-06-01");
    wrong["workouts"][2]["name"] = json!("");
    wrong["workouts"][2]["plan_id"] = json!(uuid::Uuid::now_v7());
    wrong["workouts"][3] =
        with(workout(), json!({ "status": "planned", "scheduled_date": "2026-03-31" }));
    runner.post(&path, wrong.clone()).await.must_blame(&[
        ("workouts[1].scheduled_date", "outside_plan"),
        ("workouts[2].name", "empty"),
        ("workouts[2].plan_id", "not_the_paths"),
        ("workouts[3].scheduled_date", "outside_plan"),
        ("workouts[3].status", "read_only"),
    ]);
    let mut only_days = list(3);
    only_days["workouts"][2]["scheduled_date"] = json!("2026-06-01");
    runner
        .post(&path, only_days)
        .await
        .must_blame(&[("workouts[2].scheduled_date", "outside_plan")]);
    wrong["workouts"][0] = json!("tempo");
    let named = runner.post(&path, wrong).await.violations();
    assert!(named.contains(&("workouts[0]".into(), "wrong_type".into())), "{named:?}");
    assert_eq!(api.head().await, 1);
}

#[tokio::test]
async fn a_list_has_1_to_500_workouts() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = format!("{}/workouts", runner.plan().await);

    runner.post(&path, list(501)).await.must_blame(&[("workouts", "too_many")]);
    runner.post(&path, list(0)).await.must_blame(&[("workouts", "empty")]);
    runner.post(&path, json!({ "workouts": null })).await.must_blame(&[("workouts", "required")]);
    runner.post(&path, json!({ "workouts": {} })).await.must_blame(&[("workouts", "wrong_type")]);
    runner
        .post(&path, with(list(1), json!({ "name": "x" })))
        .await
        .must_blame(&[("name", "unknown_field")]);
    assert_eq!(api.head().await, 1);
}

#[tokio::test]
async fn a_plan_holds_no_more_than_2000_workouts() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = format!("{plan}/workouts");
    for _ in 0..4 {
        runner.post(&path, list(500)).await.must_be(201);
    }
    runner.post(&path, workout()).await.must_be(409);
    runner.post(&path, list(2)).await.must_be(409);
    assert_eq!(runner.see(&plan).await["workout_count"], 2000);
}
