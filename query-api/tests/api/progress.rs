use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Api;

#[tokio::test]
async fn a_plan_tells_its_progress() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan(json!({"start_date": "2026-04-01", "end_date": "2026-04-16"})).await;
    let other_plan = runner.plan(json!({})).await;
    for (plan, day, workout_type, status, metres) in [
        (plan, Some("2026-04-01"), "easy_run", "completed", Some(8_000)),
        (plan, Some("2026-04-07"), "long_run", "completed", Some(20_005)),
        (plan, Some("2026-04-08"), "tempo", "skipped", Some(10_000)),
        (plan, Some("2026-04-14"), "intervals", "planned", Some(9_000)),
        (plan, Some("2026-04-15"), "strength", "planned", None),
        (plan, None, "easy_run", "planned", Some(5_000)),
        (plan, Some("2026-04-02"), "rest", "planned", Some(1_000)),
        (plan, Some("2026-04-16"), "rest", "completed", None),
        (other_plan, Some("2026-04-07"), "easy_run", "completed", Some(8_000)),
    ] {
        let row = json!({"scheduled_date": day, "workout_type": workout_type, "status": status, "distance_m": metres});
        runner.workout(plan, row).await;
    }
    for (plan, day, metres) in [
        (Some(plan), "2026-04-01", 8_123),
        (Some(plan), "2026-04-08", 19_000),
        (Some(plan), "2026-03-31", 3_000),
        (Some(other_plan), "2026-04-07", 8_000),
        (None, "2026-04-07", 9_000),
    ] {
        runner.run(json!({"plan_id": plan, "actual_date": day, "distance_m": metres})).await;
    }
    let expected = json!({
        "plan_id": plan,
        "total_workouts": 6,
        "completed_workouts": 2,
        "skipped_workouts": 1,
        "missed_workouts": 1,
        "pending_workouts": 2,
        "total_planned_distance_km": 52.01,
        "total_actual_distance_km": 30.12,
        "adherence_percentage": 33.3,
        "current_week": 3,
        "total_weeks": 3,
        "weeks": [
            {"week": 1, "start_date": "2026-04-01", "end_date": "2026-04-07", "planned_workouts": 2,
             "completed_workouts": 2, "planned_distance_km": 28.01, "actual_distance_km": 8.12},
            {"week": 2, "start_date": "2026-04-08", "end_date": "2026-04-14", "planned_workouts": 2,
             "completed_workouts": 0, "planned_distance_km": 19.0, "actual_distance_km": 19.0},
            {"week": 3, "start_date": "2026-04-15", "end_date": "2026-04-16", "planned_workouts": 1,
             "completed_workouts": 0, "planned_distance_km": 0.0, "actual_distance_km": 0.0},
        ],
    });
    assert_eq!(runner.read(&format!("/api/v1/analytics/plans/{plan}/progress")).await, expected);
    assert_eq!(runner.read(&format!("/api/v1/analytics/plan/{plan}")).await, expected);
}

#[tokio::test]
async fn an_empty_plan_has_no_progress_yet() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan(json!({"start_date": "2026-04-16", "end_date": "2026-04-22"})).await;
    let progress = runner.read(&format!("/api/v1/analytics/plans/{plan}/progress")).await;
    assert_eq!(
        (&progress["total_workouts"], &progress["adherence_percentage"]),
        (&json!(0), &json!(0.0))
    );
    assert_eq!((&progress["current_week"], &progress["total_weeks"]), (&Value::Null, &json!(1)));
    assert_eq!(progress["weeks"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn every_figure_of_a_rest_week_is_zero() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan(json!({"start_date": "2026-04-13", "end_date": "2026-04-19"})).await;
    for day in ["2026-04-13", "2026-04-14", "2026-04-18"] {
        runner.workout(plan, json!({"scheduled_date": day, "workout_type": "rest"})).await;
    }
    let progress = runner.read(&format!("/api/v1/analytics/plans/{plan}/progress")).await;
    for figure in ["total_workouts", "completed_workouts", "missed_workouts", "pending_workouts"] {
        assert_eq!(progress[figure], 0, "{figure}");
    }
    assert_eq!(progress["weeks"][0]["planned_workouts"], 0);
    assert_eq!(
        runner.get(&format!("/api/v1/analytics/plans/{}/progress", Uuid::now_v7())).await.status,
        404
    );
}
