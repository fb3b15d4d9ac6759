use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id_of, nobody, plan, run, with, workout};

#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let api = Api::start().await;
    let (mine, theirs) = (api.runner(), api.runner());
    let plan_path = theirs.plan().await;
    let open = theirs.workout(&plan_path).await;
    let done = theirs.workout(&plan_path).await;
    let run_path = theirs.run_for(&done).await;
    let my_plan = mine.plan().await;
    let my_workout = mine.workout(&my_plan).await;
    let my_run = mine.run().await;
    let before = api.head().await;

    for (method, path, body) in [
        (Method::PUT, plan_path.clone(), plan()),
        (Method::PATCH, plan_path.clone(), json!({})),
        (Method::DELETE, plan_path.clone(), Value::Null),
        (Method::POST, format!("{plan_path}/workouts"), workout()),
        (Method::POST, format!("{plan_path}/workouts"), json!({ "workouts": [workout()] })),
        (
            Method::POST,
            "/api/v1/workouts".into(),
            with(workout(), json!({ "plan_id": id_of(&plan_path) })),
        ),
        (Method::PUT, open.clone(), workout()),
        (Method::PATCH, open.clone(), json!({})),
        (Method::DELETE, open.clone(), Value::Null),
        (Method::DELETE, done.clone(), Value::Null),
        (Method::POST, format!("{open}/skip"), Value::Null),
        (Method::POST, format!("{open}/reopen"), Value::Null),
        (Method::POST, "/api/v1/runs".into(), with(run(), json!({ "workout_id": id_of(&open) }))),
        (Method::PUT, run_path.clone(), run()),
        (Method::PATCH, run_path.clone(), json!({})),
        (Method::PATCH, run_path.clone(), json!({ "workout_id": null })),
        (Method::PATCH, run_path.clone(), json!({ "workout_id": id_of(&my_workout) })),
        (Method::DELETE, run_path.clone(), Value::Null),
        (Method::POST, format!("{run_path}/match"), json!({ "workout_id": id_of(&my_workout) })),
        (Method::POST, format!("{run_path}/unmatch"), Value::Null),
        (Method::POST, format!("{my_run}/match"), json!({ "workout_id": id_of(&open) })),
        (Method::POST, format!("{my_run}/match"), json!({ "workout_id": id_of(&done) })),
        (Method::PATCH, my_run.clone(), json!({ "workout_id": id_of(&open) })),
        (Method::PUT, my_run.clone(), with(run(), json!({ "workout_id": id_of(&done) }))),
    ] {
        let problem = mine.send(method.clone(), &path, &[], &body).await;
        assert_eq!(problem.status, 404, "{method} {path} {body}");
        let unknown = path.replace(id_of(&plan_path), &Uuid::now_v7().to_string());
        let same = mine.send(method, &unknown, &[], &body).await;
        assert_eq!(same.json()["detail"], problem.json()["detail"]);
    }
    assert_eq!(api.head().await, before);
}

#[tokio::test]
async fn an_id_is_of_its_own_kind() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan_path = runner.plan().await;
    let workout_path = runner.workout(&plan_path).await;
    let run_path = runner.run().await;
    let (plan, workout, run) = (id_of(&plan_path), id_of(&workout_path), id_of(&run_path));
    for path in [
        format!("/api/v1/plans/{workout}"),
        format!("/api/v1/plans/{run}"),
        format!("/api/v1/workouts/{plan}"),
        format!("/api/v1/workouts/{run}"),
        format!("/api/v1/runs/{plan}"),
        format!("/api/v1/runs/{workout}"),
    ] {
        runner.patch(&path, json!({})).await.must_be(404);
        runner.delete(&path).await.must_be(404);
    }
}

#[tokio::test]
async fn nobody_may_write() {
    let api = Api::start().await;
    for (method, path) in [
        (Method::POST, "/api/v1/plans"),
        (Method::PATCH, "/api/v1/plans/no-id"),
        (Method::DELETE, "/api/v1/workouts/no-id"),
        (Method::POST, "/api/v1/runs"),
    ] {
        // Nothing else about the request is looked at.
        let request = Request::builder().method(method).uri(path).extension(nobody());
        let answer = api.ask(request.body(Body::from("{")).unwrap()).await.must_be(401);
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"));
    }
    assert_eq!(api.head().await, 0);
}
