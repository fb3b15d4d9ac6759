use serde_json::{Value, json};

use crate::api::{Api, id_of, with, workout};

fn whole() -> Value {
    json!({
        "name": "Tempo", "workout_type": "tempo", "description": "2 × 10 min", "scheduled_date": "2026-04-30",
        "distance_km": 12.345, "duration_minutes": 65, "target_pace_fast_s_per_km": 280, "target_pace_slow_s_per_km": 290,
    })
}

#[tokio::test]
async fn a_workout_is_added_to_a_plan() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let asked = with(whole(), json!({ "plan_id": id_of(&plan) }));

    let answer = runner.post("/api/v1/workouts", asked.clone()).await.must_be(201);

    let added = answer.json();
    let id = added["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/workouts/{id}").as_str()));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("trainer-position"), Some("2"));
    let read_only = json!({
        "id": id, "status": "planned", "run_id": null, "version": 1,
        "created_at": added["created_at"], "updated_at": added["created_at"],
    });
    assert_eq!(added, with(asked, read_only));
    assert_eq!(api.events_after(1).await, ["workout.scheduled"]);
}

#[tokio::test]
async fn the_path_may_name_the_plan_and_the_body_repeat_it() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let list = format!("{plan}/workouts");

    let added = runner.post(&list, workout()).await.must_be(201);
    assert_eq!(added.json()["plan_id"], id_of(&plan));
    assert!(added.header("location").unwrap().starts_with("/api/v1/workouts/"));
    runner.post(&list, with(workout(), json!({ "plan_id": id_of(&plan) }))).await.must_be(201);
    let other = runner.plan().await;
    runner
        .post(&list, with(workout(), json!({ "plan_id": id_of(&other) })))
        .await
        .must_blame(&[("plan_id", "not_the_paths")]);
}

#[tokio::test]
async fn everything_wrong_with_a_workout_is_named_at_once() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let wrong = json!({
        "plan_id": id_of(&plan), "name": "", "workout_type": "swim", "scheduled_date": "2026-06-01", "distance_km": 0,
        "duration_minutes": 1.5, "target_pace_fast_s_per_km": 300, "status": "completed", "run_id": null, "sets": 3,
    });
    let expected = [
        ("name", "empty"),
        ("workout_type", "invalid_choice"),
        ("scheduled_date", "outside_plan"),
        ("distance_km", "out_of_range"),
        ("duration_minutes", "wrong_type"),
        ("target_pace_slow_s_per_km", "required"),
        ("status", "read_only"),
        ("run_id", "read_only"),
        ("sets", "unknown_field"),
    ];
    runner.post("/api/v1/workouts", wrong.clone()).await.must_blame(&expected);
    let path = runner.workout(&plan).await;
    runner.put(&path, wrong.clone()).await.must_blame(&expected);
    runner.patch(&path, wrong).await.must_blame(&expected);
    runner.post("/api/v1/workouts", json!({})).await.must_blame(&[
        ("plan_id", "required"),
        ("name", "required"),
        ("workout_type", "required"),
    ]);
    let day_only =
        with(workout(), json!({ "plan_id": id_of(&plan), "scheduled_date": "2026-06-01" }));
    runner
        .post("/api/v1/workouts", day_only)
        .await
        .must_blame(&[("scheduled_date", "outside_plan")]);
    assert_eq!(api.head().await, 2);
}

#[tokio::test]
async fn a_workout_is_replaced_as_a_whole() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = runner.workout(&plan).await;

    let replaced = runner.put(&path, whole()).await.must_be(200);
    // It moved and asks for something else: two changes.
    assert_eq!(replaced.header("etag"), Some("\"3\""));
    let replaced = replaced.json();
    for field in [
        "name",
        "workout_type",
        "description",
        "scheduled_date",
        "distance_km",
        "duration_minutes",
        "target_pace_fast_s_per_km",
        "target_pace_slow_s_per_km",
    ] {
        assert_eq!(replaced[field], whole()[field], "{field}");
    }
    assert_eq!(api.events_after(2).await, ["workout.moved", "workout.changed"]);

    let bare = json!({ "plan_id": id_of(&plan), "name": "Tempo", "workout_type": "tempo" });
    let cleared = runner.put(&path, bare).await.must_be(200).json();
    for field in [
        "description",
        "scheduled_date",
        "distance_km",
        "duration_minutes",
        "target_pace_fast_s_per_km",
        "target_pace_slow_s_per_km",
    ] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
    runner.put(&path, json!({ "name": "Tempo" })).await.must_blame(&[("workout_type", "required")]);
}

#[tokio::test]
async fn a_workout_is_changed_in_part() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = runner
        .post(&format!("{plan}/workouts"), whole())
        .await
        .must_be(201)
        .header("location")
        .unwrap()
        .to_owned();

    let same =
        runner.patch(&path, with(whole(), json!({ "plan_id": id_of(&plan) }))).await.must_be(200);
    assert_eq!(same.header("etag"), Some("\"1\""));
    assert_eq!(runner.patch(&path, json!({})).await.must_be(200).header("etag"), Some("\"1\""));
    assert_eq!(api.head().await, 2);

    let changed = runner
        .patch(&path, json!({ "distance_km": null, "scheduled_date": "2026-05-01" }))
        .await
        .must_be(200)
        .json();
    assert_eq!(
        (
            &changed["distance_km"],
            &changed["scheduled_date"],
            &changed["name"],
            &changed["version"]
        ),
        (&Value::Null, &json!("2026-05-01"), &json!("Tempo"), &json!(3))
    );
    runner
        .patch(&path, json!({ "scheduled_date": "2026-03-31" }))
        .await
        .must_blame(&[("scheduled_date", "outside_plan")]);
    runner
        .patch(&path, json!({ "name": null, "workout_type": null, "plan_id": null }))
        .await
        .must_blame(&[("name", "required"), ("workout_type", "required"), ("plan_id", "required")]);
}

#[tokio::test]
async fn one_end_of_a_pace_is_judged_with_the_stored_other() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = runner
        .post(&format!("{plan}/workouts"), whole())
        .await
        .must_be(201)
        .header("location")
        .unwrap()
        .to_owned();

    let changed =
        runner.patch(&path, json!({ "target_pace_slow_s_per_km": 300 })).await.must_be(200).json();
    assert_eq!(
        (&changed["target_pace_fast_s_per_km"], &changed["target_pace_slow_s_per_km"]),
        (&json!(280), &json!(300))
    );
    runner
        .patch(&path, json!({ "target_pace_slow_s_per_km": 270, "scheduled_date": "2026-12-01" }))
        .await
        .must_blame(&[
            ("target_pace_fast_s_per_km", "fast_slower_than_slow"),
            ("scheduled_date", "outside_plan"),
        ]);
    runner
        .patch(&path, json!({ "target_pace_fast_s_per_km": null }))
        .await
        .must_blame(&[("target_pace_fast_s_per_km", "required")]);
    let cleared = json!({ "target_pace_fast_s_per_km": null, "target_pace_slow_s_per_km": null });
    assert_eq!(
        runner.patch(&path, cleared).await.must_be(200).json()["target_pace_fast_s_per_km"],
        Value::Null
    );
    runner
        .put(&path, with(whole(), json!({ "target_pace_fast_s_per_km": 291 })))
        .await
        .must_blame(&[("target_pace_fast_s_per_km", "fast_slower_than_slow")]);
    runner
        .put(&path, with(whole(), json!({ "target_pace_fast_s_per_km": 89 })))
        .await
        .must_blame(&[("target_pace_fast_s_per_km", "out_of_range")]);
}

#[tokio::test]
async fn a_workout_stays_in_its_plan() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let other = runner.plan().await;
    let path = runner.workout(&plan).await;
    let elsewhere = json!({ "plan_id": id_of(&other), "name": "" });
    let expected = [("plan_id", "immutable"), ("name", "empty")];
    runner.patch(&path, elsewhere.clone()).await.must_blame(&expected);
    runner.put(&path, with(workout(), elsewhere)).await.must_blame(&expected);
    runner.put(&path, with(workout(), json!({ "plan_id": id_of(&plan) }))).await.must_be(200);
}

#[tokio::test]
async fn a_workout_is_skipped_and_reopened() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = runner.workout(&plan).await;
    let act =
        async |verb: &str| runner.post(&format!("{path}/{verb}"), Value::Null).await.must_be(200);

    let skipped = act("skip").await;
    assert_eq!(
        (skipped.header("etag"), &skipped.json()["status"]),
        (Some("\"2\""), &json!("skipped"))
    );
    assert_eq!(act("skip").await.header("etag"), Some("\"2\""));
    let reopened = act("reopen").await;
    assert_eq!(
        (reopened.header("etag"), &reopened.json()["status"]),
        (Some("\"3\""), &json!("planned"))
    );
    assert_eq!(act("reopen").await.header("etag"), Some("\"3\""));
    assert_eq!(api.events_after(2).await, ["workout.skipped", "workout.reopened"]);

    runner.post(&format!("{path}/skip"), json!({})).await.must_be(200);
    runner
        .post(&format!("{path}/skip"), json!({ "why": "rain" }))
        .await
        .must_blame(&[("why", "unknown_field")]);
}

#[tokio::test]
async fn a_planned_workout_of_a_past_day_is_missed() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    for (day, status) in [("2026-04-14", "missed"), ("2026-04-15", "planned")] {
        let body = with(workout(), json!({ "scheduled_date": day }));
        let added = runner.post(&format!("{plan}/workouts"), body).await.must_be(201).json();
        assert_eq!(added["status"], status, "{day}");
    }
}

#[tokio::test]
async fn a_completed_workout_is_neither_skipped_nor_reopened() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = runner.workout(&plan).await;
    let run = runner.run_for(&path).await;
    for verb in ["skip", "reopen"] {
        let problem = runner.post(&format!("{path}/{verb}"), Value::Null).await.must_be(409).json();
        assert_eq!(problem["run_id"], id_of(&run));
    }
}

#[tokio::test]
async fn a_removed_workout_is_gone() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = runner.workout(&plan).await;

    runner.delete(&path).await.must_be(204);
    runner.delete(&path).await.must_be(404);
    runner.patch(&path, json!({})).await.must_be(404);
    runner.post(&format!("{path}/skip"), Value::Null).await.must_be(404);
    assert_eq!(api.events_after(2).await, ["workout.removed"]);
    assert_eq!(runner.see(&plan).await["workout_count"], 0);
}
