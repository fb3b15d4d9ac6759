//! Versions: `ETag`, `If-Match` and `If-None-Match`.

use http::Method;
use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{in_days, plan, run, with, without, workout};

/// Something that changes: where it is, a change that does, and itself whole.
struct Changing {
    path: String,
    change: Value,
    whole: Value,
}

async fn of_each_kind(runner: &Runner) -> [Changing; 3] {
    let days = json!({ "start_date": in_days(0), "end_date": in_days(50) });
    let (of_workouts, _) = runner.plan(days).await;
    let workout = with(workout(&of_workouts), json!({ "scheduled_date": in_days(20) }));
    let (_, plan_path) = runner.plan(json!({})).await;
    let (_, workout_path) = runner.workout(&of_workouts, workout.clone()).await;
    let (_, run_path) = runner.run(json!({})).await;
    [
        Changing { path: plan_path, change: json!({ "description": "x" }), whole: plan() },
        Changing {
            path: workout_path,
            change: json!({ "description": "x" }),
            whole: without(workout, "plan_id"),
        },
        Changing { path: run_path, change: json!({ "notes": "x" }), whole: run() },
    ]
}

#[tokio::test]
async fn a_version_starts_at_one_and_grows_with_each_change_and_no_other() {
    let runner = Runner::new().await;
    for Changing { path, change, whole } in of_each_kind(&runner).await {
        let first = runner.get(&path).await;
        assert_eq!(first.version(), 1, "{path}");
        let unchanged = runner.put(&path, whole.clone()).await.must_be(200);
        assert_eq!((unchanged.version(), unchanged.json()), (1, first.json()), "{path}");
        assert!(unchanged.position() > 0);
        assert_eq!(runner.patch(&path, json!({})).await.must_be(200).version(), 1);
        assert_eq!(runner.patch(&path, change.clone()).await.must_be(200).version(), 2);
        assert_eq!(runner.patch(&path, change).await.must_be(200).version(), 2);
        assert_eq!(runner.put(&path, whole).await.must_be(200).version(), 3);
        assert_eq!(runner.get(&path).await.version(), 3);
    }
}

#[tokio::test]
async fn a_write_that_is_meant_for_another_version_is_a_412_and_does_nothing() {
    let runner = Runner::new().await;
    for Changing { path, change, whole } in of_each_kind(&runner).await {
        runner.patch(&path, change).await.must_be(200);
        let was = runner.see(&path).await;
        for tag in [
            "\"1\"",
            "\"3\"",
            "W/\"2\"",
            "\"02\"",
            "\"x\"",
            "\"1\", \"3\"",
            "\"99999999999999999999\"",
        ] {
            for method in [Method::PUT, Method::PATCH, Method::DELETE] {
                let write = runner.ask(method, &path).json(&whole).header("if-match", tag);
                write.await.problem(412);
            }
        }
        assert_eq!(runner.see(&path).await, was);
        for (tag, version) in [("\"2\"", 3), ("\"1\", \"3\"", 3), ("*", 3)] {
            let write = runner.put(&path, whole.clone()).header("if-match", tag);
            assert_eq!(write.await.must_be(200).version(), version, "{path} {tag}");
        }
        runner.delete(&path).header("if-match", "\"3\"").await.must_be(204);
    }
}

#[tokio::test]
async fn every_write_to_a_thing_takes_if_match() {
    let runner = Runner::new().await;
    let (plan, plan_path) =
        runner.plan(json!({ "start_date": in_days(0), "end_date": in_days(50) })).await;
    let (workout, path) = runner.workout(&plan, json!({ "scheduled_date": in_days(20) })).await;
    let (_, run_path) = runner.run(json!({})).await;
    let to_workout = json!({ "workout_id": workout["id"] });
    for (path, body) in [
        (format!("{path}/skip"), json!({})),
        (format!("{path}/reopen"), json!({})),
        (format!("{run_path}/match"), to_workout),
        (format!("{run_path}/unmatch"), json!({})),
    ] {
        runner.post(&path, body.clone()).header("if-match", "\"7\"").await.problem(412);
        let version = runner.see(path.rsplit_once('/').unwrap().0).await["version"].clone();
        runner.post(&path, body).header("if-match", &format!("\"{version}\"")).await.must_be(200);
    }
    let shift = runner
        .patch(format!("{plan_path}?shift_workouts=true"), json!({ "start_date": in_days(1) }));
    shift.header("if-match", "\"1\"").await.problem(412);
}

#[tokio::test]
async fn of_those_who_change_the_same_version_one_wins() {
    let runner = Runner::new().await;
    let (_, path) = runner.run(json!({})).await;
    let change = async |number: usize| {
        runner
            .patch(&path, json!({ "notes": number.to_string() }))
            .header("if-match", "\"1\"")
            .await
            .status
    };
    let mut statuses = futures::future::join_all((0..16).map(change)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![412; 15]].concat());
    assert_eq!(runner.see(&path).await["version"], 2);
}

#[tokio::test]
async fn who_has_the_present_version_gets_a_304() {
    let runner = Runner::new().await;
    for Changing { path, change, .. } in of_each_kind(&runner).await {
        let ask = async |tag: &str| runner.get(&path).header("if-none-match", tag).await;
        for tag in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
            let not_modified = ask(tag).await.must_be(304);
            assert_eq!((not_modified.version(), not_modified.body.len()), (1, 0), "{path} {tag}");
        }
        for tag in ["\"2\"", "\"01\"", "1", "\"\""] {
            ask(tag).await.must_be(200);
        }
        runner.patch(&path, change).await.must_be(200);
        assert_eq!(ask("\"1\"").await.must_be(200).version(), 2);
        ask("\"2\"").await.must_be(304);
        runner.delete(&path).await.must_be(204);
        ask("\"2\"").await.problem(404);
        ask("*").await.problem(404);
    }
}
