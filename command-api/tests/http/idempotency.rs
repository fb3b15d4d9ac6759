use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Answer, Api, id_of, plan, run, with, workout};

/// The answer of the first time, as a retry must get it.
#[track_caller]
fn is_replay_of(again: &Answer, first: &Answer) {
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    for header in ["location", "etag", "trainer-position", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
}

#[tokio::test]
async fn the_same_request_under_the_same_key_gets_the_first_answer_again() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan_path = runner.plan().await;
    let workout_path = runner.workout(&plan_path).await;
    let other_workout = runner.workout(&plan_path).await;
    let run_path = runner.run().await;

    for (n, (method, path, body)) in [
        (Method::POST, "/api/v1/plans".to_owned(), plan()),
        (Method::PATCH, plan_path.clone(), json!({ "name": "Autumn" })),
        (Method::PUT, plan_path.clone(), plan()),
        (
            Method::POST,
            "/api/v1/workouts".to_owned(),
            with(workout(), json!({ "plan_id": id_of(&plan_path) })),
        ),
        (Method::POST, format!("{plan_path}/workouts"), workout()),
        (
            Method::POST,
            format!("{plan_path}/workouts"),
            json!({ "workouts": [workout(), workout()] }),
        ),
        (Method::POST, format!("{workout_path}/skip"), Value::Null),
        (Method::POST, format!("{workout_path}/reopen"), Value::Null),
        // Changes nothing, and is remembered all the same.
        (Method::POST, format!("{workout_path}/reopen"), json!({})),
        (Method::PATCH, workout_path.clone(), json!({})),
        (Method::PUT, workout_path.clone(), with(workout(), json!({ "distance_km": 17.3 }))),
        (
            Method::POST,
            "/api/v1/runs".to_owned(),
            with(run(), json!({ "workout_id": id_of(&other_workout), "distance_km": 9.999 })),
        ),
        (Method::POST, format!("{run_path}/match"), json!({ "workout_id": id_of(&workout_path) })),
        (Method::POST, format!("{run_path}/unmatch"), Value::Null),
        (Method::PATCH, run_path.clone(), json!({ "started_at": "2026-04-01T07:00:00.5+02:00" })),
        (Method::PUT, run_path.clone(), run()),
        (Method::DELETE, run_path.clone(), Value::Null),
        (Method::DELETE, workout_path.clone(), Value::Null),
        (Method::DELETE, plan_path.clone(), Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key {n}");
        let headers = [("idempotency-key", key.as_str())];
        let first = runner.send(method.clone(), &path, &headers, &body).await;
        assert!(first.status < 300, "{method} {path} {first:?}");
        let before = api.head().await;
        let again = runner.send(method.clone(), &path, &headers, &body).await;
        is_replay_of(&again, &first);
        assert_eq!(api.head().await, before, "{method} {path}");
    }
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    let key = [("idempotency-key", "k-1")];
    runner.send(Method::PATCH, &path, &key, &json!({ "name": "Autumn" })).await.must_be(200);

    let others = [
        (Method::PATCH, path.clone(), json!({ "name": "Winter" })),
        (Method::PATCH, path.clone(), json!({})),
        (Method::PATCH, format!("{path}?shift_workouts=true"), json!({ "name": "Autumn" })),
        (Method::PUT, path.clone(), plan()),
        (Method::DELETE, path.clone(), Value::Null),
        (Method::POST, "/api/v1/plans".to_owned(), plan()),
        // Refused for itself too, were it not for the key.
        (Method::PATCH, path.clone(), json!({ "status": "completed" })),
    ];
    for (method, path, body) in others {
        let problem = runner.send(method.clone(), &path, &key, &body).await.must_be(422).json();
        assert!(
            problem["detail"].as_str().unwrap().contains("Idempotency-Key"),
            "{method} {path} {problem}"
        );
    }
    let conditional = [key[0], ("if-match", "\"1\"")];
    runner
        .send(Method::PATCH, &path, &conditional, &json!({ "name": "Autumn" }))
        .await
        .must_be(422);
    // Another user's keys are their own.
    api.runner().send(Method::POST, "/api/v1/plans", &key, &plan()).await.must_be(201);
    assert_eq!(api.events_after(0).await, ["plan.created", "plan.renamed", "plan.created"]);
}

#[tokio::test]
async fn a_retry_may_write_its_json_differently() {
    let api = Api::start().await;
    let runner = api.runner();
    let send = async |text: &'static str| {
        let request = http::Request::post("/api/v1/plans")
            .extension(runner.authentication())
            .header("content-type", "application/json")
            .header("prefer", "respond-async")
            .header("idempotency-key", "k")
            .body(text.into());
        api.ask(request.unwrap()).await
    };
    let first = send(r#"{"name":"A","start_date":"2026-04-01","end_date":"2026-05-01"}"#)
        .await
        .must_be(201);
    let again =
        send(r#"{ "end_date": "2026-05-01", "name": "\u0041", "start_date": "2026-04-01" }"#).await;
    is_replay_of(&again, &first);
}

#[tokio::test]
async fn a_retry_is_answered_though_the_state_has_moved_on() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.plan().await;
    let headers = [("idempotency-key", "k"), ("if-match", "\"1\"")];
    let first = runner
        .send(Method::PATCH, &path, &headers, &json!({ "name": "Autumn" }))
        .await
        .must_be(200);
    runner.patch(&path, json!({ "name": "Winter", "status": "active" })).await.must_be(200);
    runner.delete(&path).await.must_be(204);

    let again = runner.send(Method::PATCH, &path, &headers, &json!({ "name": "Autumn" })).await;
    is_replay_of(&again, &first);
    assert_eq!(again.json()["name"], "Autumn");
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let api = Api::start().await;
    let runner = api.runner();
    let key = [("idempotency-key", "k")];
    let path = runner.plan().await;
    runner.send(Method::PATCH, &path, &key, &json!({ "status": "completed" })).await.must_be(409);
    runner.patch(&path, json!({ "status": "active" })).await.must_be(200);
    runner.send(Method::PATCH, &path, &key, &json!({ "status": "completed" })).await.must_be(200);
}

#[tokio::test]
async fn twenty_at_once_under_one_key_are_one() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan_path = runner.plan().await;
    let workout_path = runner.workout(&plan_path).await;
    for (n, (path, body)) in [
        ("/api/v1/plans".to_owned(), plan()),
        (format!("{plan_path}/workouts"), workout()),
        (format!("{workout_path}/skip"), Value::Null),
        ("/api/v1/runs".to_owned(), with(run(), json!({ "workout_id": id_of(&workout_path) }))),
    ]
    .into_iter()
    .enumerate()
    {
        let (key, before) = (format!("k{n}"), api.head().await);
        let headers = [("idempotency-key", key.as_str())];
        let answers =
            join_all((0..20).map(|_| runner.send(Method::POST, &path, &headers, &body))).await;

        let expected = if path.ends_with("runs") { 3 } else { 1 };
        assert_eq!(api.head().await - before, expected, "{path}");
        let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
        let first: Vec<_> = first.collect();
        assert_eq!(first.len(), 1, "{path}");
        for again in answers.iter().filter(|answer| answer.header("idempotency-replayed").is_some())
        {
            is_replay_of(again, first[0]);
        }
    }
}

#[tokio::test]
async fn a_key_has_1_to_255_printable_characters() {
    let api = Api::start().await;
    let runner = api.runner();
    let long = "k".repeat(255);
    let too_long = "k".repeat(256);
    let send = async |key: &str| {
        runner.send(Method::POST, "/api/v1/runs", &[("idempotency-key", key)], &run()).await.status
    };
    assert_eq!(send(&long).await, 201);
    assert_eq!((send("").await, send(&too_long).await, send("schlüssel").await), (400, 400, 400));
}
