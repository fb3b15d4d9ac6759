//! Writes that are sent again under the same `Idempotency-Key`.

use std::future::IntoFuture;

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Answer;
use crate::runner::{Ask, Runner};
use crate::training::{plan, run, with, workout};

fn key() -> String {
    Uuid::now_v7().to_string()
}

/// Sends the same twice and gets the same twice.
async fn twice<'a>(ask: impl Fn() -> Ask<'a>, status: u16) -> Answer {
    let key = key();
    let first = ask().header("idempotency-key", &key).await.must_be(status);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = ask().header("idempotency-key", &key).await.must_be(status);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.text(), first.text());
    for header in ["etag", "location", "trainer-position", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    first
}

#[tokio::test]
async fn the_same_request_gets_the_first_result_again_on_any_write() {
    let runner = Runner::new().await;
    let created = twice(|| runner.post("/api/v1/plans", plan()), 201).await;
    let plan_path = created.header("location").unwrap().to_owned();
    let plan = created.json();
    twice(|| runner.patch(&plan_path, json!({ "name": "Other" })), 200).await;
    twice(|| runner.put(&plan_path, crate::training::plan()), 200).await;
    let workout = twice(|| runner.post("/api/v1/workouts", workout(&plan)), 201).await.json();
    let workout_path = format!("/api/v1/workouts/{}", workout["id"].as_str().unwrap());
    let list = json!({ "workouts": [{ "name": "x", "workout_type": "rest" }, { "name": "y", "workout_type": "rest" }] });
    twice(|| runner.post(format!("{plan_path}/workouts"), list.clone()), 201).await;
    twice(|| runner.patch(&workout_path, json!({ "name": "Other" })), 200).await;
    twice(|| runner.post(format!("{workout_path}/skip"), json!({})), 200).await;
    twice(|| runner.post(format!("{workout_path}/reopen"), json!({})), 200).await;
    let run = twice(|| runner.post("/api/v1/runs", run()), 201).await.json();
    let run_path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    let to_workout = json!({ "workout_id": workout["id"] });
    twice(|| runner.post(format!("{run_path}/match"), to_workout.clone()), 200).await;
    twice(|| runner.post(format!("{run_path}/unmatch"), json!({})), 200).await;
    twice(|| runner.patch(&run_path, json!({ "notes": "x" })), 200).await;
    twice(|| runner.delete(&run_path), 204).await;
    twice(|| runner.delete(&workout_path), 204).await;
    twice(|| runner.delete(&plan_path), 204).await;
    for list in ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs"] {
        assert_eq!(runner.list(list).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn a_result_is_the_first_one_even_when_it_is_no_longer_true() {
    let runner = Runner::new().await;
    let (key, body) = (key(), run());
    let first = runner
        .post("/api/v1/runs", body.clone())
        .header("idempotency-key", &key)
        .await
        .must_be(201);
    let path = first.header("location").unwrap().to_owned();
    runner.patch(&path, json!({ "notes": "changed" })).await.must_be(200);
    let again = runner
        .post("/api/v1/runs", body.clone())
        .header("idempotency-key", &key)
        .await
        .must_be(201);
    assert_eq!((again.text(), again.version()), (first.text(), 1));
    runner.delete(&path).await.must_be(204);
    let again =
        runner.post("/api/v1/runs", body).header("idempotency-key", &key).await.must_be(201);
    assert_eq!(again.text(), first.text());
    assert_eq!(runner.list("/api/v1/runs").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_remembered_too() {
    let runner = Runner::new().await;
    let (created, path) = runner.run(json!({})).await;
    let key = key();
    let first = runner
        .patch(&path, json!({ "notes": null }))
        .header("idempotency-key", &key)
        .await
        .must_be(200);
    assert_eq!(first.json(), created);
    runner.patch(&path, json!({ "notes": "changed" })).await.must_be(200);
    let again = runner
        .patch(&path, json!({ "notes": null }))
        .header("idempotency-key", &key)
        .await
        .must_be(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.text(), first.text());
    assert_eq!(runner.see(&path).await["notes"], "changed");
}

#[tokio::test]
async fn another_request_under_the_same_key_is_a_422() {
    let runner = Runner::new().await;
    let key = key();
    let (_, path) = runner.run(json!({})).await;
    runner.patch(&path, json!({ "notes": "x" })).header("idempotency-key", &key).await.must_be(200);
    let (other, other_path) = runner.run(json!({})).await;
    for ask in [
        runner.patch(&path, json!({ "notes": "y" })),
        runner.patch(&path, json!({ "notes": "x", "is_race": true })),
        runner.patch(&path, json!({ "notes": "x" })).header("if-match", "\"1\""),
        runner.patch(&other_path, json!({ "notes": "x" })),
        runner.put(&path, with(run(), json!({ "notes": "x" }))),
        runner.post("/api/v1/runs", run()),
        runner.delete(&path),
    ] {
        ask.header("idempotency-key", &key).await.problem(422);
    }
    assert_eq!(runner.see(&other_path).await, other);
    assert_eq!(runner.see(&path).await["version"], 2);
    // The order of fields and the spaces between them make no other request.
    let same = runner.ask(Method::PATCH, &path).body("application/json", " {\"notes\" :\n\"x\"} ");
    let again = same.header("idempotency-key", &key).await.must_be(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_key_is_its_users_own_and_has_1_to_255_printable_characters() {
    let (one, other) = (Runner::new().await, Runner::new().await);
    let (space, long) = (" ", "k".repeat(255));
    for key in ["k", "a key with spaces & signs ~!{}\"'", &long, "' or 1=1 --"] {
        for runner in [&one, &other] {
            let answer = runner
                .post("/api/v1/runs", run())
                .header("idempotency-key", key)
                .await
                .must_be(201);
            assert_eq!(answer.header("idempotency-replayed"), None, "{key}");
        }
    }
    // Spaces around a header's value are not part of it, so this is an empty one.
    one.post("/api/v1/runs", run()).header("idempotency-key", space).await.problem(400);
    assert_eq!(one.list("/api/v1/runs").await.len(), 4);
}

#[tokio::test]
async fn a_request_that_is_sent_many_times_at_once_is_carried_out_once() {
    let runner = Runner::new().await;
    let key = key();
    let asks = (0..24)
        .map(|_| runner.post("/api/v1/runs", run()).header("idempotency-key", &key).into_future());
    let answers = join_all(asks).await;
    let ids: Vec<_> =
        answers.iter().map(|answer| answer.clone().must_be(201).json()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let replayed =
        answers.iter().filter(|answer| answer.header("idempotency-replayed").is_some()).count();
    assert_eq!((replayed, runner.list("/api/v1/runs").await.len()), (23, 1));
}

#[tokio::test]
async fn a_refused_request_may_be_sent_right_under_the_same_key() {
    let runner = Runner::new().await;
    let key = key();
    runner.post("/api/v1/runs", json!({})).header("idempotency-key", &key).await.problem(422);
    runner.post("/api/v1/runs", run()).header("idempotency-key", &key).await.must_be(201);
}
