use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id_of, plan, with, without};

#[tokio::test]
async fn a_plan_is_created_as_a_draft() {
    let api = Api::start().await;
    let answer = api.runner().post("/api/v1/plans", plan()).await.must_be(201);

    let created = answer.json();
    let id: Uuid = created["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(answer.header("location"), Some(format!("/api/v1/plans/{id}").as_str()));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("trainer-position"), Some("1"));
    assert_eq!(answer.header("idempotency-replayed"), None);
    let stamps =
        json!({ "created_at": created["created_at"], "updated_at": created["created_at"] });
    let expected = json!({
        "id": id, "name": "Spring 10K", "description": null,
        "start_date": "2026-04-01", "end_date": "2026-05-31", "duration_days": 61,
        "goal_race_date": null, "goal_race_distance_km": null,
        "status": "draft", "workout_count": 0, "version": 1,
    });
    assert_eq!(created, with(expected, stamps));
    assert_eq!(api.events_after(0).await, ["plan.created"]);
}

#[tokio::test]
async fn every_field_of_a_plan_is_kept() {
    let api = Api::start().await;
    let whole = json!({
        "name": "  Marathon 🏃 '; drop table es.events; -- {{name}} ", "description": "Über\nalles ${x}",
        "start_date": "2026-04-01", "end_date": "2027-04-01", "goal_race_date": "2027-04-01",
        "goal_race_distance_km": 42.195, "status": "draft",
    });
    let created = api.runner().post("/api/v1/plans", whole.clone()).await.must_be(201).json();

    assert_eq!(created["name"], "Marathon 🏃 '; drop table es.events; -- {{name}}");
    for field in
        ["description", "start_date", "end_date", "goal_race_date", "goal_race_distance_km"]
    {
        assert_eq!(created[field], whole[field], "{field}");
    }
    assert_eq!(created["duration_days"], 366);
}

#[tokio::test]
async fn everything_wrong_with_a_plan_is_named_at_once() {
    let api = Api::start().await;
    let runner = api.runner();

    let wrong = json!({
        "name": " ", "description": "x".repeat(10_001), "start_date": "2026-02-30", "end_date": 20_260_501,
        "goal_race_distance_km": 1000.1, "status": "running", "color": "red", "version": 3, "id": null,
    });
    runner.post("/api/v1/plans", wrong.clone()).await.must_blame(&[
        ("name", "empty"),
        ("description", "too_long"),
        ("start_date", "invalid_date"),
        ("end_date", "wrong_type"),
        ("goal_race_distance_km", "out_of_range"),
        ("status", "invalid_choice"),
        ("color", "unknown_field"),
        ("version", "read_only"),
        ("id", "read_only"),
    ]);
    let path = runner.plan().await;
    let named = runner.put(&path, wrong.clone()).await.violations();
    assert_eq!(named.len(), 9, "{named:?}");
    let named = runner.patch(&path, wrong).await.violations();
    assert_eq!(named.len(), 9, "{named:?}");

    runner.post("/api/v1/plans", json!({})).await.must_blame(&[
        ("name", "required"),
        ("start_date", "required"),
        ("end_date", "required"),
    ]);
    assert_eq!(api.head().await, 1);
}

#[tokio::test]
async fn rules_between_fields_are_named_with_the_rest() {
    let api = Api::start().await;
    let runner = api.runner();
    let wrong = json!({
        "name": "x".repeat(256), "start_date": "2026-04-01", "end_date": "2026-04-01", "goal_race_date": "2026-06-01",
    });
    let expected =
        [("name", "too_long"), ("end_date", "before_start"), ("goal_race_date", "outside_plan")];
    runner.post("/api/v1/plans", wrong.clone()).await.must_blame(&expected);
    let path = runner.plan().await;
    runner.put(&path, wrong.clone()).await.must_blame(&expected);
    runner.patch(&path, wrong).await.must_blame(&expected);

    // A change is judged together with what is stored.
    let too_early = json!({ "name": "", "end_date": "2026-03-01" });
    runner
        .patch(&path, too_early)
        .await
        .must_blame(&[("name", "empty"), ("end_date", "before_start")]);
    // But not with what it means to replace.
    let both = json!({ "start_date": "soon", "end_date": "2026-03-01" });
    runner.patch(&path, both).await.must_blame(&[("start_date", "invalid_date")]);
    let too_long = with(plan(), json!({ "end_date": "2027-04-02" }));
    runner.post("/api/v1/plans", too_long).await.must_blame(&[("end_date", "too_long")]);
}

#[tokio::test]
async fn a_name_is_counted_in_characters() {
    let api = Api::start().await;
    let runner = api.runner();
    let named = |name: String| with(plan(), json!({ "name": name }));

    runner.post("/api/v1/plans", named("🏃".repeat(255))).await.must_be(201);
    runner.post("/api/v1/plans", named("🏃".repeat(300))).await.must_blame(&[("name", "too_long")]);
    runner
        .post("/api/v1/plans", named("a\0b".into()))
        .await
        .must_blame(&[("name", "invalid_character")]);
}

#[tokio::test]
async fn a_plan_is_born_a_draft_or_not_at_all() {
    let api = Api::start().await;
    for status in ["active", "completed", "abandoned"] {
        let born = with(plan(), json!({ "status": status }));
        api.runner().post("/api/v1/plans", born).await.must_be(409);
    }
    assert_eq!(api.head().await, 0);
}

#[tokio::test]
async fn a_replacement_clears_what_it_leaves_out_but_not_the_status() {
    let api = Api::start().await;
    let runner = api.runner();
    let whole = with(
        plan(),
        json!({ "description": "Hills", "goal_race_date": "2026-05-31", "goal_race_distance_km": 10 }),
    );
    let path = runner
        .post("/api/v1/plans", whole)
        .await
        .must_be(201)
        .header("location")
        .unwrap()
        .to_owned();
    runner.patch(&path, json!({ "status": "active" })).await.must_be(200);
    let before = api.head().await;

    let replaced = runner.put(&path, plan()).await.must_be(200);

    assert_eq!(replaced.header("etag"), Some("\"4\""));
    let replaced = replaced.json();
    assert_eq!(replaced["status"], "active");
    for field in ["description", "goal_race_date", "goal_race_distance_km"] {
        assert_eq!(replaced[field], Value::Null, "{field}");
    }
    assert_eq!(api.events_after(before).await, ["plan.described", "plan.goal_changed"]);
    runner.put(&path, without(plan(), "name")).await.must_blame(&[("name", "required")]);
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    runner
        .patch(&path, json!({ "description": "Hills", "goal_race_distance_km": 10 }))
        .await
        .must_be(200);

    let changed = runner.patch(&path, json!({ "description": null })).await.must_be(200).json();
    assert_eq!(
        (&changed["description"], &changed["goal_race_distance_km"]),
        (&Value::Null, &json!(10.0))
    );

    let cleared = json!({ "name": null, "start_date": null, "end_date": null, "status": null });
    runner.patch(&path, cleared).await.must_blame(&[
        ("name", "required"),
        ("start_date", "required"),
        ("end_date", "required"),
        ("status", "required"),
    ]);
}

#[tokio::test]
async fn a_write_that_changes_nothing_stores_nothing_and_keeps_the_version() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    for same in [json!({}), plan(), json!({ "status": "draft" }), json!({ "description": null })] {
        let answer = runner.patch(&path, same).await.must_be(200);
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(answer.header("trainer-position"), Some("1"));
        assert_eq!(answer.json()["version"], 1);
    }
    runner.put(&path, plan()).await.must_be(200);
    assert_eq!(api.head().await, 1);
}

#[tokio::test]
async fn a_plans_status_goes_its_way() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    let become_ = async |status: &str, answer: u16| {
        runner.patch(&path, json!({ "status": status })).await.must_be(answer).json()
    };
    for refused in ["completed", "abandoned"] {
        become_(refused, 409).await;
    }
    assert_eq!(become_("active", 200).await["status"], "active");
    let problem = become_("draft", 409).await;
    assert_eq!(
        (&problem["status"], &problem["plan_status"], &problem["requested_status"]),
        (&json!(409), &json!("active"), &json!("draft"))
    );
    become_("abandoned", 200).await;
    become_("completed", 409).await;
    become_("active", 200).await;
    become_("completed", 200).await;
    for refused in ["draft", "active", "abandoned"] {
        become_(refused, 409).await;
    }
    runner.put(&path, with(plan(), json!({ "status": "active" }))).await.must_be(409);
    assert_eq!(
        api.events_after(1).await,
        ["plan.activated", "plan.abandoned", "plan.activated", "plan.completed"]
    );
}

#[tokio::test]
async fn dates_that_leave_a_workout_outside_are_refused_unless_it_is_shifted() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    let workout = runner.workout(&path).await;
    let later = json!({ "start_date": "2026-04-20", "end_date": "2026-06-30" });

    for query in ["", "?shift_workouts=false", "?shift_workouts="] {
        let problem =
            runner.patch(&format!("{path}{query}"), later.clone()).await.must_be(409).json();
        assert_eq!(problem["workouts"], json!([{ "id": id_of(&workout), "name": "Long run" }]));
        assert!(problem["detail"].as_str().unwrap().contains("Long run"), "{problem}");
    }
    for query in ["1", "yes", "TRUE", "true&shift_workouts=true"] {
        runner.patch(&format!("{path}?shift_workouts={query}"), later.clone()).await.must_be(400);
    }
    let before = api.head().await;
    let moved =
        runner.patch(&format!("{path}?shift_workouts=true"), later).await.must_be(200).json();
    assert_eq!((&moved["start_date"], &moved["workout_count"]), (&json!("2026-04-20"), &json!(1)));
    assert_eq!(api.events_after(before).await, ["plan.rescheduled", "workout.moved"]);
    let workout = runner.see(&workout).await;
    assert_eq!(
        (&workout["scheduled_date"], &workout["version"]),
        (&json!("2026-05-08"), &json!(2))
    );

    let whole = with(plan(), json!({ "start_date": "2026-04-19", "end_date": "2026-06-29" }));
    runner.put(&format!("{path}?shift_workouts=true"), whole).await.must_be(200);
}

#[tokio::test]
async fn a_deleted_plan_is_gone_with_its_workouts() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    let workout = runner.workout(&path).await;

    let answer = runner.delete(&path).await.must_be(204);
    assert!(answer.bytes.is_empty());
    assert_eq!(answer.header("trainer-position"), Some("3"));
    assert_eq!(answer.header("etag"), None);

    runner.delete(&path).await.must_be(404);
    runner.patch(&path, json!({})).await.must_be(404);
    runner.put(&path, plan()).await.must_be(404);
    runner.patch(&workout, json!({})).await.must_be(404);
    runner.post(&format!("{path}/workouts"), crate::api::workout()).await.must_be(404);
    assert_eq!(api.events_after(2).await, ["plan.deleted"]);
}
