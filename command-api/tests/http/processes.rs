//! Several processes write to one database, each with memories of its own.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, id_of, new_database, run, with, workout};
use crate::races::check;

#[tokio::test]
async fn what_another_process_did_is_taken_into_account() {
    let url = new_database().await;
    let (one, other) = (Api::over(&url).await, Api::over(&url).await);
    let here = one.runner();
    let there = other.runner_with(here.id);
    let plan = here.plan().await;
    let workout = here.workout(&plan).await;
    let run = here.run().await;

    // Both remember the run unmatched and the workout open; then one of them matches.
    assert_eq!(there.see(&run).await["version"], 1);
    there.see(&workout).await;
    here.post(&format!("{run}/match"), json!({ "workout_id": id_of(&workout) })).await.must_be(200);
    let seen = there.post(&format!("{workout}/skip"), Value::Null).await.must_be(409).json();
    assert_eq!(seen["run_id"], id_of(&run));
    there.post(&format!("{run}/unmatch"), Value::Null).await.must_be(200);
    // Here the match is remembered, and gone.
    here.post(&format!("{run}/unmatch"), Value::Null).await.must_be(409);
    assert_eq!(here.see(&workout).await["status"], "planned");
    here.send(Method::PATCH, &run, &[("if-match", "\"3\"")], &json!({ "notes": "x" }))
        .await
        .must_be(200);
    there
        .send(Method::PATCH, &run, &[("if-match", "\"3\"")], &json!({ "notes": "y" }))
        .await
        .must_be(412);
    check(&one).await;
}

#[tokio::test]
async fn a_workout_that_goes_takes_the_match_that_another_process_made() {
    let url = new_database().await;
    let (one, other) = (Api::over(&url).await, Api::over(&url).await);
    let here = one.runner();
    let there = other.runner_with(here.id);
    let plan = here.plan().await;
    let run = here.run().await;
    for remove in ["workout", "plan"] {
        let workout = here.workout(&plan).await;
        // Only the run is remembered there, unmatched.
        assert_eq!(there.see(&run).await["workout_id"], Value::Null);
        here.patch(&run, json!({ "workout_id": id_of(&workout) })).await.must_be(200);
        there.delete(if remove == "plan" { &plan } else { &workout }).await.must_be(204);
        assert_eq!(here.see(&run).await["workout_id"], Value::Null);
        check(&one).await;
    }
}

#[tokio::test]
async fn a_plan_that_is_remembered_from_before_a_match_is_read_again() {
    let url = new_database().await;
    let (one, other) = (Api::over(&url).await, Api::over(&url).await);
    let here = one.runner();
    let there = other.runner_with(here.id);
    let plan = here.plan().await;
    let workout = here.workout(&plan).await;
    let match_ = json!({ "workout_id": id_of(&workout) });

    // Only the plan is remembered there, with the workout open.
    there.see(&workout).await;
    let run = here.run_for(&workout).await;
    there.post(&format!("{run}/unmatch"), Value::Null).await.must_be(200);
    assert_eq!(here.see(&workout).await["status"], "planned");
    check(&one).await;

    // Only the plan is remembered there, with the workout completed by the run.
    let run = here.run_for(&workout).await;
    there.see(&workout).await;
    here.post(&format!("{run}/unmatch"), Value::Null).await.must_be(200);
    there.post(&format!("{run}/match"), match_).await.must_be(200);
    assert_eq!(here.see(&workout).await["run_id"], id_of(&run));
    check(&one).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_do_not_lose_each_others_writes() {
    let url = new_database().await;
    let apis = [Api::over(&url).await, Api::over(&url).await, Api::over(&url).await];
    let first = apis[0].runner();
    let plans = [first.plan().await, first.plan().await];
    let mut workouts = vec![];
    let mut runs = vec![];
    for n in 0..4 {
        workouts.push(first.workout(&plans[n % 2]).await);
        runs.push(first.run().await);
    }
    let (plans, workouts, runs) = (&plans, &workouts, &runs);
    let storm = (0..24_usize).map(|worker| {
        let runner = apis[worker % 3].runner_with(first.id);
        async move {
            let mut served = 0;
            for step in 0..20_usize {
                let pick = worker * 13 + step * 7;
                let (workout_path, run_path) = (&workouts[pick % 4], &runs[(pick / 4) % 4]);
                let workout_id = json!({ "workout_id": id_of(workout_path) });
                let (method, path, body) = match pick % 6 {
                    0 => (Method::POST, format!("{run_path}/match"), workout_id),
                    1 => (Method::POST, format!("{run_path}/unmatch"), Value::Null),
                    2 => (Method::PATCH, run_path.clone(), workout_id),
                    3 => (Method::POST, "/api/v1/runs".to_owned(), with(run(), workout_id)),
                    4 => (Method::POST, format!("{}/workouts", plans[pick % 2]), workout()),
                    _ => (Method::PUT, run_path.clone(), run()),
                };
                let status = runner.send(method, &path, &[], &body).await.status;
                assert!([200, 201, 409].contains(&status), "{path} {status}");
                served += usize::from(status < 300);
            }
            served
        }
    });
    let served: usize = join_all(storm).await.into_iter().sum();
    assert!(served > 100, "{served}");
    check(&apis[0]).await;
}
