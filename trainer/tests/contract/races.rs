//! Many who change the same thing at once.

use std::future::IntoFuture;

use futures::future::join_all;
use serde_json::json;

use crate::client::Answer;
use crate::runner::Runner;
use crate::training::{run, with, workout};

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_runs_for_one_workout_one_is_recorded() {
    let runner = Runner::new().await;
    let (plan, plan_path) = runner.plan(json!({})).await;
    let (workout, path) = runner.workout(&plan, json!({})).await;
    let for_it = with(run(), json!({ "workout_id": workout["id"] }));
    let answers =
        join_all((0..24).map(|_| runner.post("/api/v1/runs", for_it.clone()).into_future())).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 23));
    let runs = runner.list("/api/v1/runs").await;
    assert_eq!((runs.len(), &runs[0]["version"]), (1, &json!(2)));
    let is = runner.see(&path).await;
    assert_eq!((&is["run_id"], &is["version"]), (&runs[0]["id"], &json!(2)));
    assert_eq!(runner.see(&plan_path).await["version"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_plan_at_once_are_all_made_one_after_the_other() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    let names = (0..24).map(|number| {
        runner.patch(&path, json!({ "name": format!("name {number}") })).into_future()
    });
    let workouts = (0..24).map(|_| runner.post("/api/v1/workouts", workout(&plan)).into_future());
    let answers = join_all(names.chain(workouts)).await;
    assert_eq!((count(&answers, 200), count(&answers, 201)), (24, 24));
    let mut versions: Vec<i64> = answers[..24].iter().map(Answer::version).collect();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 24, "each change has a version of its own");
    let is = runner.see(&path).await;
    assert_eq!((&is["version"], &is["workout_count"]), (&json!(49), &json!(24)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_is_deleted_meanwhile_leaves_nothing_behind() {
    let runner = Runner::new().await;
    for _ in 0..5 {
        let (plan, path) = runner.plan(json!({})).await;
        let (wanted, _) = runner.workout(&plan, json!({})).await;
        let for_it = with(run(), json!({ "workout_id": wanted["id"] }));
        let workouts =
            (0..8).map(|_| runner.post("/api/v1/workouts", workout(&plan)).into_future());
        let runs = (0..4).map(|_| runner.post("/api/v1/runs", for_it.clone()).into_future());
        let (answers, deleted) =
            tokio::join!(join_all(workouts.chain(runs)), runner.delete(&path).into_future());
        deleted.must_be(204);
        assert!(
            answers.iter().all(|answer| [201, 404, 409].contains(&answer.status)),
            "{answers:?}"
        );
        assert!(runner.list("/api/v1/workouts").await.is_empty());
        for run in runner.list("/api/v1/runs").await {
            assert!(run["workout_id"].is_null() && run["plan_id"].is_null(), "{run}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_matched_to_and_fro_is_seen_alike_from_both_sides() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let (one, one_path) = runner.workout(&plan, json!({})).await;
    let (other, other_path) = runner.workout(&plan, json!({})).await;
    let (_, path) = runner.run(json!({})).await;
    let to = |workout: &serde_json::Value| {
        runner.patch(&path, json!({ "workout_id": workout["id"] })).into_future()
    };
    let none = || runner.patch(&path, json!({ "workout_id": null })).into_future();
    let answers = join_all((0..8).flat_map(|_| [to(&one), to(&other), none()])).await;
    assert_eq!(count(&answers, 200), 24);
    let run = runner.see(&path).await;
    for (workout, path) in [(&one, &one_path), (&other, &other_path)] {
        let is = runner.see(path).await;
        let fulfilled = run["workout_id"] == workout["id"];
        assert_eq!(is["status"] == "completed", fulfilled);
        assert_eq!(is["run_id"] == run["id"], fulfilled);
    }
}
