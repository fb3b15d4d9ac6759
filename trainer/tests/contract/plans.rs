//! Plans.

use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{each, ids, plan, with};

#[tokio::test]
async fn a_new_plan_is_a_draft_with_everything_the_contract_lists() {
    let runner = Runner::new().await;
    let whole = json!({
        "name": "  Berlin  ", "description": "Sub 3", "start_date": "2025-03-03", "end_date": "2025-06-22",
        "goal_race_date": "2025-06-22", "goal_race_distance_km": 42.195,
    });
    let created = runner.post("/api/v1/plans", whole).await.must_be(201);
    assert_eq!(created.version(), 1);
    assert!(created.position() > 0);
    assert_eq!(created.header("content-type"), Some("application/json"));
    let location = created.header("location").unwrap().to_owned();
    let plan = created.json();
    assert_eq!(location, format!("/api/v1/plans/{}", plan["id"].as_str().unwrap()));
    assert_eq!(plan["created_at"], plan["updated_at"]);
    let at = chrono::DateTime::parse_from_rfc3339(plan["created_at"].as_str().unwrap()).unwrap();
    assert_eq!(at.offset().local_minus_utc(), 0);
    let said = json!({
        "id": plan["id"], "name": "Berlin", "description": "Sub 3", "start_date": "2025-03-03",
        "end_date": "2025-06-22", "goal_race_date": "2025-06-22", "goal_race_distance_km": 42.195, "status": "draft",
        "duration_days": 112, "workout_count": 0, "created_at": plan["created_at"], "updated_at": plan["created_at"],
        "version": 1,
    });
    assert_eq!(plan, said);

    let seen = runner.get(&location).await.must_be(200);
    assert_eq!((seen.version(), seen.json()), (1, plan.clone()));
    assert_eq!(runner.list("/api/v1/plans").await, [plan]);
}

#[tokio::test]
async fn a_plan_may_last_366_days_with_the_first_and_the_last() {
    let runner = Runner::new().await;
    let days = |start: &str, end: &str| json!({ "start_date": start, "end_date": end });
    for (start, end, count) in [
        ("2025-01-01", "2026-01-01", 366),
        ("2028-01-01", "2028-12-31", 366),
        ("2025-12-31", "2026-01-01", 2),
        ("9999-12-30", "9999-12-31", 2),
        ("0001-01-01", "0001-01-02", 2),
    ] {
        assert_eq!(runner.plan(days(start, end)).await.0["duration_days"], count, "{start} {end}");
    }
    for (start, end) in
        [("2025-01-01", "2026-01-02"), ("2028-01-01", "2029-01-01"), ("2025-01-01", "2025-01-01")]
    {
        let refused = runner.post("/api/v1/plans", with(plan(), days(start, end))).await.blames();
        assert_eq!(refused.keys().collect::<Vec<_>>(), ["end_date"], "{start} {end}");
    }
}

#[tokio::test]
async fn a_put_replaces_everything_and_a_patch_only_what_it_names() {
    let runner = Runner::new().await;
    let details = json!({ "description": "Sub 3", "goal_race_date": "2025-06-22", "goal_race_distance_km": 42.195 });
    let (created, path) = runner.plan(details).await;

    let patched = runner.patch(&path, json!({ "name": "Ultra" })).await.must_be(200);
    assert_eq!(patched.version(), 2);
    let patched = patched.json();
    let changed = json!({ "name": "Ultra", "version": 2, "updated_at": patched["updated_at"] });
    assert_eq!(patched, with(created.clone(), changed));
    assert_ne!(patched["updated_at"], created["updated_at"]);
    assert_eq!(runner.see(&path).await, patched);

    let put = runner.put(&path, plan()).await.must_be(200);
    assert!(put.version() > 2);
    let put = put.json();
    for field in ["description", "goal_race_date", "goal_race_distance_km"] {
        assert_eq!(put[field], Value::Null, "{field}");
    }
    assert_eq!((&put["name"], &put["status"]), (&json!("Autumn marathon"), &json!("draft")));
    assert_eq!(runner.see(&path).await, put);
}

#[tokio::test]
async fn a_plan_goes_from_status_to_status_only_as_it_may() {
    let runner = Runner::new().await;
    let way_to = |status: &'static str| match status {
        "draft" => vec![],
        "active" => vec!["active"],
        other => vec!["active", other],
    };
    let may = [
        ("draft", "active"),
        ("active", "completed"),
        ("active", "abandoned"),
        ("abandoned", "active"),
    ];
    for from in ["draft", "active", "completed", "abandoned"] {
        for to in ["draft", "active", "completed", "abandoned"] {
            let (_, path) = runner.plan(json!({})).await;
            for status in way_to(from) {
                let step =
                    runner.patch(&path, json!({ "status": status })).await.must_be(200).json();
                assert_eq!(step["status"], status);
            }
            let was = runner.see(&path).await;
            let answer = runner.patch(&path, json!({ "status": to })).await;
            let put =
                || runner.put(&path, with(plan(), json!({ "status": to, "name": "Not this" })));
            if from == to {
                assert_eq!(answer.must_be(200).json(), was, "{from} to itself changes nothing");
            } else if may.contains(&(from, to)) {
                assert_eq!(answer.must_be(200).json()["status"], to, "{from} {to}");
            } else {
                answer.problem(409);
                put().await.problem(409);
                assert_eq!(runner.see(&path).await, was, "{from} {to}: nothing half done");
            }
        }
    }
}

#[tokio::test]
async fn a_plan_is_born_as_a_draft_and_as_nothing_else() {
    let runner = Runner::new().await;
    runner.post("/api/v1/plans", with(plan(), json!({ "status": "draft" }))).await.must_be(201);
    for status in ["active", "completed", "abandoned"] {
        runner.post("/api/v1/plans", with(plan(), json!({ "status": status }))).await.problem(409);
    }
    assert_eq!(runner.list("/api/v1/plans").await.len(), 1);
}

#[tokio::test]
async fn plans_are_listed_with_the_newest_start_first() {
    let runner = Runner::new().await;
    for (name, start, end) in [
        ("second", "2025-04-01", "2025-05-01"),
        ("fourth", "2024-01-01", "2024-05-01"),
        ("first", "2026-01-01", "2026-05-01"),
        ("third", "2025-03-31", "2026-03-01"),
    ] {
        runner.plan(json!({ "name": name, "start_date": start, "end_date": end })).await;
    }
    let plans = runner.list("/api/v1/plans").await;
    assert_eq!(each(&plans, "name"), ["first", "second", "third", "fourth"]);
}

#[tokio::test]
async fn plans_are_found_by_status_and_by_words() {
    let runner = Runner::new().await;
    let (autumn, path) =
        runner.plan(json!({ "name": "Herbst ÄRGER 100%", "description": "Berlin_2025" })).await;
    let (spring, _) =
        runner.plan(json!({ "name": "Frühling", "description": "back\\slash 'quote'" })).await;
    runner.patch(&path, json!({ "status": "active" })).await.must_be(200);
    let (autumn, spring) = (autumn["id"].as_str().unwrap(), spring["id"].as_str().unwrap());
    for (query, found) in [
        ("status=active", vec![autumn]),
        ("status=draft", vec![spring]),
        ("status=completed", vec![]),
        ("q=herbst", vec![autumn]),
        ("q=BERLIN", vec![autumn]),
        ("q=%C3%A4rger", vec![autumn]),
        ("q=FR%C3%9CHLING", vec![spring]),
        ("q=h", vec![spring, autumn]),
        ("q=h&status=active", vec![autumn]),
        ("q=100%25", vec![autumn]),
        ("q=%25", vec![autumn]),
        ("q=_", vec![autumn]),
        ("q=.", vec![]),
        ("q=%5C", vec![spring]),
        ("q='quote'", vec![spring]),
        ("q=back%5Cslash+'", vec![spring]),
        ("q=nothing", vec![]),
        ("q=", vec![spring, autumn]),
    ] {
        let plans = runner.list(format!("/api/v1/plans?{query}")).await;
        assert_eq!(ids(&plans), found, "{query}");
    }
}

#[tokio::test]
async fn deleting_a_plan_takes_its_workouts_along_and_leaves_its_runs() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    let (workout, workout_path) = runner.workout(&plan, json!({})).await;
    let (other, other_path) = runner.workout(&plan, json!({ "name": "Undone" })).await;
    let (run, run_path) = runner.run(json!({ "workout_id": workout["id"] })).await;
    assert_eq!(run["plan_id"], plan["id"]);
    assert_eq!(other["status"], "missed");

    runner.delete(&path).header("if-match", "\"2\"").await.problem(412);
    assert_eq!(runner.see(&path).await["workout_count"], 2);
    runner.delete(&path).await.must_be(204);
    for gone in [&path, &workout_path, &other_path] {
        runner.get(gone).await.problem(404);
        runner.delete(gone).await.problem(404);
    }
    let run = runner.see(&run_path).await;
    assert_eq!(
        (&run["workout_id"], &run["plan_id"], &run["version"]),
        (&json!(null), &json!(null), &json!(3))
    );
    assert_eq!(runner.list("/api/v1/runs").await, [run]);
    assert_eq!(runner.list("/api/v1/workouts").await, Vec::<Value>::new());
    assert_eq!(runner.see("/api/v1/analytics/summary").await["total_runs"], 1);
}
