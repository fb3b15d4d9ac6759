//! How far a plan has come, by figures worked out by hand.

use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::in_days;

pub(crate) async fn progress(runner: &Runner, plan: &Value) -> Value {
    let id = plan["id"].as_str().unwrap();
    let progress = runner.see(format!("/api/v1/analytics/plans/{id}/progress")).await;
    assert_eq!(
        runner.see(format!("/api/v1/analytics/plan/{id}")).await,
        progress,
        "both paths say the same"
    );
    progress
}

#[tokio::test]
async fn a_new_plan_has_come_nowhere() {
    let runner = Runner::new().await;
    let (plan, _) =
        runner.plan(json!({ "start_date": in_days(10), "end_date": in_days(20) })).await;
    let week = |week, first, last| {
        json!({
            "week": week, "start_date": in_days(first), "end_date": in_days(last), "planned_workouts": 0,
            "completed_workouts": 0, "planned_distance_km": 0.0, "actual_distance_km": 0.0,
        })
    };
    let expected = json!({
        "plan_id": plan["id"], "total_workouts": 0, "completed_workouts": 0, "skipped_workouts": 0,
        "missed_workouts": 0, "pending_workouts": 0, "total_planned_distance_km": 0.0,
        "total_actual_distance_km": 0.0, "adherence_percentage": 0.0, "current_week": null, "total_weeks": 2,
        "weeks": [week(1, 10, 16), week(2, 17, 20)],
    });
    assert_eq!(progress(&runner, &plan).await, expected);
}

/// A plan in its second week, of which everything has happened that may happen to workouts.
pub(crate) async fn plan_in_full_swing(runner: &Runner) -> Value {
    // 25 days from ten days ago: three whole weeks and four days; today lies in the second.
    let (plan, _) =
        runner.plan(json!({ "start_date": in_days(-10), "end_date": in_days(14) })).await;
    let workout = async |day: Option<i64>, kilometres: Value, kind: &str| {
        let day = day.map(in_days);
        let changes =
            json!({ "scheduled_date": day, "distance_km": kilometres, "workout_type": kind });
        runner.workout(&plan, changes).await
    };
    let done_for = async |workout: &Value, day: i64, kilometres: f64| {
        let said = json!({ "distance_km": kilometres, "duration_minutes": kilometres * 5.0, "actual_date": in_days(day) });
        let run = json!({ "workout_id": workout["id"] });
        runner.run(crate::training::with(said, run)).await
    };
    // The first week: one done as planned, one done two days late and in the second week, one skipped, one missed.
    let (as_planned, _) = workout(Some(-10), json!(10), "easy_run").await;
    let (late, _) = workout(Some(-4), json!(8.505), "tempo").await;
    let (_, skipped) = workout(Some(-8), json!(5), "intervals").await;
    workout(Some(-7), json!(null), "long_run").await;
    done_for(&as_planned, -10, 10.204).await;
    done_for(&late, -2, 8.001).await;
    runner.post(format!("{skipped}/skip"), json!({})).await.must_be(200);
    // The second week: missed, then rest days that count nowhere, past and to come.
    workout(Some(-2), json!(12.004), "race_pace").await;
    workout(Some(-3), json!(null), "rest").await;
    workout(Some(5), json!(null), "rest").await;
    // The last week, and one without a day: still to be done.
    workout(Some(14), json!(42.195), "race").await;
    workout(None, json!(6), "recovery").await;
    // A run that fulfils nothing, a workout and a run that are deleted.
    runner.run(json!({ "actual_date": in_days(-5) })).await;
    let (gone, gone_path) = workout(Some(-6), json!(99), "easy_run").await;
    let (_, gone_run) = done_for(&gone, -6, 99.0).await;
    runner.delete(&gone_run).await.must_be(204);
    runner.delete(&gone_path).await.must_be(204);
    plan
}

#[tokio::test]
async fn workouts_and_runs_add_up() {
    let runner = Runner::new().await;
    let plan = plan_in_full_swing(&runner).await;
    let is = progress(&runner, &plan).await;
    let week = |week, days: [i64; 2], workouts: [i64; 2], kilometres: [f64; 2]| {
        json!({
            "week": week, "start_date": in_days(days[0]), "end_date": in_days(days[1]),
            "planned_workouts": workouts[0], "completed_workouts": workouts[1],
            "planned_distance_km": kilometres[0], "actual_distance_km": kilometres[1],
        })
    };
    let expected = json!({
        "plan_id": plan["id"],
        "total_workouts": 7,
        "completed_workouts": 2,
        "skipped_workouts": 1,
        "missed_workouts": 2,
        "pending_workouts": 2,
        "total_planned_distance_km": 83.7, // 10 + 8.505 + 5 + 12.004 + 42.195 + 6 = 83.704
        "total_actual_distance_km": 18.21, // 10.204 + 8.001 = 18.205
        "adherence_percentage": 28.6, // 2 of 7
        "current_week": 2,
        "total_weeks": 4,
        "weeks": [
            week(1, [-10, -4], [4, 2], [23.51, 10.2]), // 10 + 8.505 + 5 = 23.505
            week(2, [-3, 3], [1, 0], [12.0, 8.0]),
            week(3, [4, 10], [0, 0], [0.0, 0.0]),
            week(4, [11, 14], [1, 0], [42.2, 0.0]), // 42.195
        ],
    });
    assert_eq!(is, expected);
}

#[tokio::test]
async fn the_current_week_is_the_last_one_after_the_plan() {
    let runner = Runner::new().await;
    let (plan, _) =
        runner.plan(json!({ "start_date": in_days(-30), "end_date": in_days(-10) })).await;
    let is = progress(&runner, &plan).await;
    assert_eq!((&is["current_week"], &is["total_weeks"]), (&json!(3), &json!(3)));
}

#[tokio::test]
async fn a_plan_that_is_all_done_has_an_adherence_of_100() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    for _ in 0..3 {
        let (workout, _) = runner.workout(&plan, json!({})).await;
        runner.run(json!({ "workout_id": workout["id"] })).await;
    }
    runner.workout(&plan, json!({ "workout_type": "rest" })).await;
    assert_eq!(progress(&runner, &plan).await["adherence_percentage"], 100.0);
}
