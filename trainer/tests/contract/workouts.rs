//! Workouts.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::runner::Runner;
use crate::training::{each, in_days, with, without, workout};

#[tokio::test]
async fn a_new_workout_is_planned_with_everything_the_contract_lists() {
    let runner = Runner::new().await;
    let (plan, plan_path) = runner.plan(json!({})).await;
    let day = "2025-06-01";
    let whole = json!({
        "plan_id": plan["id"], "name": " 5 × 1 km ", "workout_type": "intervals", "description": "90 s rest",
        "scheduled_date": day, "distance_km": 12.5, "duration_minutes": 70, "target_pace_fast_s_per_km": 215,
        "target_pace_slow_s_per_km": 225,
    });
    let created = runner.post("/api/v1/workouts", whole.clone()).await.must_be(201);
    assert_eq!(created.version(), 1);
    let workout = created.json();
    let path = format!("/api/v1/workouts/{}", workout["id"].as_str().unwrap());
    assert_eq!(created.header("location"), Some(path.as_str()));
    let read_only = json!({
        "id": workout["id"], "name": "5 × 1 km", "status": "missed", "run_id": null, "version": 1,
        "created_at": workout["created_at"], "updated_at": workout["created_at"],
    });
    assert_eq!(workout, with(whole.clone(), read_only));
    assert_eq!(runner.see(&path).await, workout);
    assert_eq!(runner.list(format!("{plan_path}/workouts")).await, [workout]);

    let through_plan =
        runner.post(format!("{plan_path}/workouts"), without(whole.clone(), "plan_id")).await;
    let through_plan = through_plan.must_be(201);
    assert_eq!((through_plan.version(), &through_plan.json()["plan_id"]), (1, &plan["id"]));
    assert!(through_plan.header("location").is_some());
    runner.post(format!("{plan_path}/workouts"), whole.clone()).await.must_be(201);
    let of_another = with(whole, json!({ "plan_id": Uuid::now_v7() }));
    let blamed = runner.post(format!("{plan_path}/workouts"), of_another).await.blames();
    assert_eq!(blamed.keys().collect::<Vec<_>>(), ["plan_id"]);

    let plan = runner.see(&plan_path).await;
    assert_eq!(
        (&plan["workout_count"], &plan["version"]),
        (&json!(3), &json!(4)),
        "a plan grows with its workouts"
    );
}

#[tokio::test]
async fn a_list_of_workouts_is_added_as_a_whole_or_not_at_all() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    let path = format!("{path}/workouts");
    let one = |name: &str| with(without(workout(&plan), "plan_id"), json!({ "name": name }));
    let workouts =
        |count| (0..count).map(|number| one(&format!("{number:03}"))).collect::<Vec<_>>();

    let created =
        runner.post(&path, json!({ "workouts": workouts(500) })).await.must_be(201).json();
    let items = created["items"].as_array().unwrap();
    assert_eq!(
        (items.len(), &items[499]["name"]),
        (500, &json!("499")),
        "in the order they were sent"
    );
    assert_eq!(
        items[7],
        runner.see(format!("/api/v1/workouts/{}", items[7]["id"].as_str().unwrap())).await
    );

    let mut with_wrong_ones = workouts(5);
    with_wrong_ones[1] = with(one("x"), json!({ "scheduled_date": "2024-01-01" }));
    with_wrong_ones[3] = with(one(""), json!({ "distance_km": 0, "colour": 1 }));
    let blamed = runner.post(&path, json!({ "workouts": with_wrong_ones })).await.blames();
    let expected = json!({
        "workouts[1].scheduled_date": "outside_plan", "workouts[3].name": "empty",
        "workouts[3].distance_km": "out_of_range", "workouts[3].colour": "unknown_field",
    });
    assert_eq!(json!(blamed), expected);
    for wrong in
        [json!(workouts(501)), json!([]), json!(null), json!(one("x")), json!("x"), json!([7])]
    {
        runner.post(&path, json!({ "workouts": wrong })).await.problem(422);
    }
    runner.post(&path, with(one("x"), json!({ "workouts": [one("x")] }))).await.problem(422);
    assert_eq!(runner.see(&path.replace("/workouts", "")).await["workout_count"], 500);
}

#[tokio::test]
async fn a_workout_that_is_planned_for_a_past_day_is_missed() {
    let runner = Runner::new().await;
    let (plan, _) =
        runner.plan(json!({ "start_date": in_days(-30), "end_date": in_days(30) })).await;
    let on = async |day: Value| runner.workout(&plan, json!({ "scheduled_date": day })).await;
    let (yesterday, path) = on(json!(in_days(-2))).await;
    assert_eq!(yesterday["status"], "missed");
    assert_eq!(on(json!(in_days(1))).await.0["status"], "planned");
    assert_eq!(on(json!(null)).await.0["status"], "planned");

    let moved =
        runner.patch(&path, json!({ "scheduled_date": in_days(1) })).await.must_be(200).json();
    assert_eq!(moved["status"], "planned");
    runner.patch(&path, json!({ "scheduled_date": in_days(-2) })).await.must_be(200);
    let skipped = runner.post(format!("{path}/skip"), json!({})).await.must_be(200).json();
    assert_eq!(skipped["status"], "skipped");
    let reopened = runner.post(format!("{path}/reopen"), json!({})).await.must_be(200).json();
    assert_eq!(reopened["status"], "missed");
    // A missed workout may still be done.
    let (_, run_path) =
        runner.run(json!({ "workout_id": yesterday["id"], "actual_date": in_days(-1) })).await;
    assert_eq!(runner.see(&path).await["status"], "completed");
    runner.delete(&run_path).await.must_be(204);
    assert_eq!(runner.see(&path).await["status"], "missed");

    let missed = runner
        .list(format!("/api/v1/workouts?plan_id={}&status=missed", plan["id"].as_str().unwrap()))
        .await;
    let planned = runner.list("/api/v1/workouts?status=planned").await;
    assert_eq!((missed.len(), planned.len()), (1, 2));
}

#[tokio::test]
async fn a_workout_is_skipped_and_reopened_once_each() {
    let runner = Runner::new().await;
    let (plan, plan_path) =
        runner.plan(json!({ "start_date": in_days(0), "end_date": in_days(30) })).await;
    let (_, path) = runner.workout(&plan, json!({ "scheduled_date": in_days(3) })).await;
    let skip = async || runner.post(format!("{path}/skip"), json!({})).await.must_be(200);
    let reopen = async || runner.post(format!("{path}/reopen"), json!({})).await.must_be(200);
    assert_eq!(
        (reopen().await.version(), runner.see(&path).await["status"].clone()),
        (1, json!("planned"))
    );
    assert_eq!(
        (skip().await.version(), runner.see(&path).await["status"].clone()),
        (2, json!("skipped"))
    );
    assert_eq!(skip().await.version(), 2, "skipped already");
    assert_eq!(
        (reopen().await.version(), runner.see(&path).await["status"].clone()),
        (3, json!("planned"))
    );
    assert_eq!(runner.see(&plan_path).await["version"], 4);
    // They take no fields, and need no body.
    runner.ask(http::Method::POST, format!("{path}/skip")).await.must_be(200);
    runner.post(format!("{path}/skip"), json!({ "why": "rain" })).await.problem(422);
    runner
        .ask(http::Method::POST, format!("{path}/skip"))
        .body("application/json", "{")
        .await
        .problem(400);
    runner
        .ask(http::Method::POST, format!("{path}/skip"))
        .body("text/plain", "x")
        .await
        .problem(415);
}

#[tokio::test]
async fn a_completed_workout_is_neither_skipped_nor_reopened_by_hand() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let (workout, path) = runner.workout(&plan, json!({})).await;
    let (run, run_path) = runner.run(json!({ "workout_id": workout["id"] })).await;
    for verb in ["skip", "reopen"] {
        let problem = runner.post(format!("{path}/{verb}"), json!({})).await.problem(409);
        assert!(problem.to_string().contains(run["id"].as_str().unwrap()), "{problem}");
    }
    let is = runner.see(&path).await;
    assert_eq!(
        (&is["status"], &is["run_id"], &is["version"]),
        (&json!("completed"), &run["id"], &json!(2))
    );
    runner.post(format!("{run_path}/unmatch"), json!({})).await.must_be(200);
    runner.post(format!("{path}/skip"), json!({})).await.must_be(200);
    // And a skipped one may be done after all.
    runner
        .post(format!("{run_path}/match"), json!({ "workout_id": workout["id"] }))
        .await
        .must_be(200);
    assert_eq!(runner.see(&path).await["status"], "completed");
}

#[tokio::test]
async fn a_put_replaces_a_workout_and_leaves_its_plan_and_status() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let (other, _) = runner.plan(json!({})).await;
    let details = json!({ "description": "x", "distance_km": 8, "duration_minutes": 40 });
    let (created, path) = runner.workout(&plan, details).await;
    let whole = json!({ "name": "Long", "workout_type": "long_run" });
    let put = runner.put(&path, whole.clone()).await.must_be(200).json();
    for field in ["description", "scheduled_date", "distance_km", "duration_minutes"] {
        assert_eq!(put[field], Value::Null, "{field}");
    }
    assert_eq!((&put["plan_id"], &put["created_at"]), (&plan["id"], &created["created_at"]));
    assert_eq!(runner.see(&path).await, put);
    runner.put(&path, with(whole.clone(), json!({ "plan_id": plan["id"] }))).await.must_be(200);
    for answer in [
        runner.put(&path, with(whole, json!({ "plan_id": other["id"] }))).await,
        runner.patch(&path, json!({ "plan_id": other["id"] })).await,
    ] {
        assert_eq!(answer.blames().keys().collect::<Vec<_>>(), ["plan_id"]);
    }
}

#[tokio::test]
async fn workouts_are_listed_by_date_then_name_and_several_lie_on_one_day() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    for (name, day) in [
        ("b", json!("2025-03-05")),
        ("a", json!("2025-03-06")),
        ("c", json!("2025-03-04")),
        ("a", json!("2025-03-05")),
        ("z", json!(null)),
        ("y", json!(null)),
        ("a", json!("2025-03-05")),
    ] {
        runner.workout(&plan, json!({ "name": name, "scheduled_date": day })).await;
    }
    for list in ["/api/v1/workouts".to_owned(), format!("{path}/workouts")] {
        let workouts = runner.list(&list).await;
        assert_eq!(each(&workouts, "name"), ["c", "a", "a", "b", "a", "y", "z"], "{list}");
    }
}

#[tokio::test]
async fn workouts_are_found_by_plan_day_type_and_status() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    let (other, _) = runner.plan(json!({})).await;
    runner
        .workout(
            &other,
            json!({ "name": "other", "scheduled_date": "2025-03-10", "workout_type": "rest" }),
        )
        .await;
    let (done, _) =
        runner.workout(&plan, json!({ "name": "done", "scheduled_date": "2025-03-10" })).await;
    runner.run(json!({ "workout_id": done["id"] })).await;
    let (_, skipped) =
        runner.workout(&plan, json!({ "name": "skipped", "scheduled_date": "2025-03-11" })).await;
    runner.post(format!("{skipped}/skip"), json!({})).await.must_be(200);
    runner
        .workout(
            &plan,
            json!({ "name": "missed", "scheduled_date": "2025-03-12", "workout_type": "race" }),
        )
        .await;
    runner.workout(&plan, json!({ "name": "undated", "scheduled_date": null })).await;
    let plan_id = plan["id"].as_str().unwrap();
    for (query, names) in [
        ("".to_owned(), vec!["done", "other", "skipped", "missed", "undated"]),
        (format!("plan_id={plan_id}"), vec!["done", "skipped", "missed", "undated"]),
        (format!("plan_id={}", Uuid::now_v7()), vec![]),
        ("from=2025-03-11".to_owned(), vec!["skipped", "missed"]),
        ("to=2025-03-11".to_owned(), vec!["done", "other", "skipped"]),
        ("from=2025-03-11&to=2025-03-11".to_owned(), vec!["skipped"]),
        ("workout_type=rest".to_owned(), vec!["other"]),
        ("status=completed".to_owned(), vec!["done"]),
        ("status=skipped".to_owned(), vec!["skipped"]),
        ("status=missed".to_owned(), vec!["other", "missed"]),
        ("status=planned".to_owned(), vec!["undated"]),
        (
            format!("plan_id={plan_id}&status=missed&workout_type=race&from=2025-03-12"),
            vec!["missed"],
        ),
    ] {
        let workouts = runner.list(format!("/api/v1/workouts?{query}")).await;
        assert_eq!(each(&workouts, "name"), names, "{query}");
    }
    let of_plan = runner.list(format!("{path}/workouts?from=2025-03-12&status=missed")).await;
    assert_eq!(each(&of_plan, "name"), ["missed"]);
}

#[tokio::test]
async fn a_workout_that_goes_leaves_its_run_unmatched() {
    let runner = Runner::new().await;
    let (plan, plan_path) = runner.plan(json!({})).await;
    let (workout, path) = runner.workout(&plan, json!({})).await;
    let (_, run_path) = runner.run(json!({ "workout_id": workout["id"] })).await;
    runner.delete(&path).await.must_be(204);
    runner.get(&path).await.problem(404);
    let run = runner.see(&run_path).await;
    assert_eq!(
        (&run["workout_id"], &run["plan_id"], &run["version"]),
        (&json!(null), &json!(null), &json!(3))
    );
    let plan = runner.see(&plan_path).await;
    assert_eq!((&plan["workout_count"], &plan["version"]), (&json!(0), &json!(4)));
}
