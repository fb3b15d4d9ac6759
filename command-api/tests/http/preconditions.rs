use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, id_of, plan, run, with, workout};

#[tokio::test]
async fn a_write_that_means_another_version_is_refused() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan_path = runner.plan().await;
    let workout_path = runner.workout(&plan_path).await;
    let run_path = runner.run().await;
    let matched = runner.run_for(&runner.workout(&plan_path).await).await;
    let before = api.head().await;

    for (method, path, body) in [
        (Method::PUT, plan_path.clone(), with(plan(), json!({ "name": "Autumn" }))),
        (Method::PATCH, plan_path.clone(), json!({ "name": "Autumn" })),
        (Method::DELETE, plan_path.clone(), Value::Null),
        (Method::PUT, workout_path.clone(), with(workout(), json!({ "name": "Short run" }))),
        (Method::PATCH, workout_path.clone(), json!({ "name": "Short run" })),
        (Method::DELETE, workout_path.clone(), Value::Null),
        (Method::POST, format!("{workout_path}/skip"), Value::Null),
        (Method::POST, format!("{workout_path}/reopen"), Value::Null),
        (Method::PUT, run_path.clone(), with(run(), json!({ "notes": "x" }))),
        (Method::PATCH, run_path.clone(), json!({ "notes": "x" })),
        (Method::PATCH, run_path.clone(), json!({})),
        (Method::DELETE, run_path.clone(), Value::Null),
        (Method::POST, format!("{run_path}/match"), json!({ "workout_id": id_of(&workout_path) })),
        (Method::POST, format!("{matched}/unmatch"), Value::Null),
    ] {
        for stale in ["\"7\"", "W/\"1\"", "\"01\"", "\"7\", \"8\"", "\"99999999999999999999\""] {
            let answer = runner.send(method.clone(), &path, &[("if-match", stale)], &body).await;
            assert_eq!(answer.status, 412, "{method} {path} {stale}");
        }
        let answer = runner.send(method.clone(), &path, &[("if-match", "1")], &body).await;
        assert_eq!(answer.status, 400, "{method} {path}");
    }
    assert_eq!(api.head().await, before);
}

#[tokio::test]
async fn a_write_that_means_the_present_version_is_carried_out() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan_path = runner.plan().await;
    let workout_path = runner.workout(&plan_path).await;
    let run_path = runner.run().await;
    let send = async |method: Method, path: &str, tag: &str, body: Value| {
        let answer = runner.send(method, path, &[("if-match", tag)], &body).await;
        assert!(answer.status < 300, "{path} {tag} {answer:?}");
    };
    // A plan's version grows with its workouts; a workout counts its own changes.
    send(Method::PATCH, &plan_path, "\"2\"", json!({ "name": "Autumn" })).await;
    send(Method::POST, &format!("{workout_path}/skip"), "\"1\"", Value::Null).await;
    send(Method::POST, &format!("{workout_path}/reopen"), "*", Value::Null).await;
    send(Method::PUT, &workout_path, "\"9\", \"3\"", workout()).await;
    send(
        Method::POST,
        &format!("{run_path}/match"),
        "\"1\"",
        json!({ "workout_id": id_of(&workout_path) }),
    )
    .await;
    send(Method::POST, &format!("{run_path}/unmatch"), "\"2\"", Value::Null).await;
    send(Method::DELETE, &run_path, "\"3\"", Value::Null).await;
    send(Method::DELETE, &workout_path, "\"5\"", Value::Null).await;
    send(Method::DELETE, &plan_path, "\"8\"", Value::Null).await;
}

#[tokio::test]
async fn of_many_who_mean_the_same_version_one_gets_it() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan_path = runner.plan().await;
    let workout_path = runner.workout(&plan_path).await;
    let run_path = runner.run().await;
    for (path, field, tag) in [
        (&plan_path, "description", "\"2\""),
        (&workout_path, "description", "\"1\""),
        (&run_path, "notes", "\"1\""),
    ] {
        let writers = (0..24).map(|n| {
            let body = json!({ field: format!("by {n}") });
            async move { runner.send(Method::PATCH, path, &[("if-match", tag)], &body).await.status }
        });
        let mut answers = join_all(writers).await;
        answers.sort_unstable();
        assert_eq!((answers[0], &answers[1..]), (200, &[412; 23][..]), "{path}");
    }
}

#[tokio::test]
async fn the_version_is_looked_at_before_the_fields_and_after_the_owner() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    let body = json!({ "name": "" });
    runner.send(Method::PATCH, &path, &[("if-match", "\"2\"")], &body).await.must_be(412);
    runner.send(Method::PATCH, &path, &[("if-match", "\"1\"")], &body).await.must_be(422);
    api.runner().send(Method::PATCH, &path, &[("if-match", "\"2\"")], &body).await.must_be(404);
}
