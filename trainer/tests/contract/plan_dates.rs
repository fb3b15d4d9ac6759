//! A plan's days, and the workouts that lie on them.

use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{each, ids, plan, with};

async fn plan_with_workouts(runner: &Runner) -> (Value, String) {
    let (plan, path) = runner.plan(json!({ "goal_race_date": "2025-06-22" })).await;
    for (name, day) in
        [("first", json!("2025-03-03")), ("last", json!("2025-06-22")), ("any day", json!(null))]
    {
        runner.workout(&plan, json!({ "name": name, "scheduled_date": day })).await;
    }
    (plan, path)
}

#[tokio::test]
async fn dates_that_leave_a_workout_outside_are_a_409_that_names_it() {
    let runner = Runner::new().await;
    let (_, path) = plan_with_workouts(&runner).await;
    let was = runner.see(&path).await;
    let workouts = runner.list(format!("{path}/workouts")).await;
    let none = json!(null);
    for (changes, outside) in [
        (json!({ "start_date": "2025-03-04" }), vec!["first"]),
        (json!({ "end_date": "2025-06-21", "goal_race_date": none }), vec!["last"]),
        (
            json!({ "start_date": "2026-03-03", "end_date": "2026-06-22", "goal_race_date": none }),
            vec!["first", "last"],
        ),
    ] {
        for answer in [
            runner.patch(&path, changes.clone()).await,
            runner.patch(format!("{path}?shift_workouts=false"), changes.clone()).await,
            runner.put(&path, with(plan(), changes.clone())).await,
        ] {
            let problem = answer.problem(409);
            for workout in &workouts {
                let (id, name) =
                    (workout["id"].as_str().unwrap(), workout["name"].as_str().unwrap());
                assert_eq!(problem.to_string().contains(id), outside.contains(&name), "{problem}");
            }
        }
    }
    assert_eq!(runner.see(&path).await, was);
    assert_eq!(runner.list(format!("{path}/workouts")).await, workouts);
    // More days leave nothing outside.
    runner
        .patch(&path, json!({ "start_date": "2025-03-01", "end_date": "2025-06-30" }))
        .await
        .must_be(200);
}

#[tokio::test]
async fn workouts_shift_by_the_change_of_the_first_day() {
    let runner = Runner::new().await;
    let (plan, path) = plan_with_workouts(&runner).await;
    let (done, _) =
        runner.workout(&plan, json!({ "name": "done", "scheduled_date": "2025-04-01" })).await;
    runner.run(json!({ "workout_id": done["id"] })).await;

    let later = json!({ "start_date": "2025-03-10", "end_date": "2025-06-29", "goal_race_date": "2025-06-29" });
    let shifted =
        runner.patch(format!("{path}?shift_workouts=true"), later).await.must_be(200).json();
    assert_eq!(
        (&shifted["start_date"], &shifted["duration_days"]),
        (&json!("2025-03-10"), &json!(112))
    );
    let workouts = runner.list(format!("{path}/workouts")).await;
    assert_eq!(each(&workouts, "name"), ["first", "done", "last", "any day"]);
    let days = [json!("2025-03-10"), json!("2025-04-08"), json!("2025-06-29"), json!(null)];
    assert_eq!(each(&workouts, "scheduled_date"), days.iter().collect::<Vec<_>>());
    assert_eq!(each(&workouts, "version"), [2, 3, 2, 1], "whose day is the same is the same");

    let earlier = with(plan_of("2025-03-03", "2025-06-22"), json!({ "name": "Autumn marathon" }));
    runner.put(format!("{path}?shift_workouts=true"), earlier).await.must_be(200);
    assert_eq!(runner.list(format!("{path}/workouts")).await[0]["scheduled_date"], "2025-03-03");
}

fn plan_of(start: &str, end: &str) -> Value {
    with(plan(), json!({ "start_date": start, "end_date": end }))
}

#[tokio::test]
async fn a_shift_that_leaves_a_workout_outside_is_a_409_and_moves_none() {
    let runner = Runner::new().await;
    let (_, path) = plan_with_workouts(&runner).await;
    let was = runner.list(format!("{path}/workouts")).await;
    let changes = json!({ "start_date": "2025-03-10", "goal_race_date": null });
    let problem = runner.patch(format!("{path}?shift_workouts=true"), changes).await.problem(409);
    assert!(problem.to_string().contains(ids(&was)[1]), "{problem}");
    assert_eq!(runner.list(format!("{path}/workouts")).await, was);
    // The last day alone moves nothing.
    let changes = json!({ "end_date": "2025-06-30" });
    runner.patch(format!("{path}?shift_workouts=true"), changes).await.must_be(200);
    assert_eq!(runner.list(format!("{path}/workouts")).await, was);
}

#[tokio::test]
async fn dates_are_judged_with_those_that_stay() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({ "goal_race_date": "2025-06-22" })).await;
    for (changes, blamed) in [
        (json!({ "start_date": "2025-06-22" }), json!({ "end_date": "before_start" })),
        (json!({ "start_date": "2024-06-21" }), json!({ "end_date": "too_long" })),
        (json!({ "end_date": "2025-06-21" }), json!({ "goal_race_date": "outside_plan" })),
    ] {
        assert_eq!(json!(runner.patch(&path, changes).await.blames()), blamed);
    }
    runner.patch(&path, json!({ "start_date": "2024-06-22" })).await.must_be(200);
}
