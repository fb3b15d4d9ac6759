use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;

use crate::api::{Api, run, workout};

#[tokio::test]
async fn a_write_is_answered_when_reads_show_it() {
    let api = Api::start().await;
    let (runner, body) = (api.runner(), run());
    let (answer, ()) = tokio::join!(
        runner.send(Method::POST, "/api/v1/runs", &[("prefer", "wait=20")], &body),
        async {
            while api.head().await < 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            sqlx::query("update projector.checkpoints set position = 1")
                .execute(&api.pool)
                .await
                .unwrap();
        }
    );
    let answer = answer.must_be(201);
    assert_eq!(answer.header("trainer-consistency"), None);
    assert_eq!(answer.header("preference-applied"), Some("wait=20"));
}

#[tokio::test]
async fn a_write_that_reads_do_not_show_in_time_is_pending() {
    let api = Api::start().await;
    let runner = api.runner();
    // The first one opens connections.
    let at_once = [("prefer", "respond-async")];
    runner.send(Method::POST, "/api/v1/runs", &at_once, &run()).await.must_be(201);
    let mut written = 1;
    // Nothing projects here.
    for (prefer, applied, at_least, at_most) in [
        ("", None, 2.0, 3.0),
        ("wait=1", Some("wait=1"), 1.0, 1.9),
        ("wait=0", Some("wait=0"), 0.0, 0.9),
        ("respond-async, wait=5", Some("respond-async"), 0.0, 0.9),
    ] {
        // The append itself may take its time, once.
        let mut attempts = 0..5;
        let answer = loop {
            attempts.next().unwrap_or_else(|| panic!("{prefer:?} takes longer, again and again"));
            let begun = Instant::now();
            let answer = runner
                .send(Method::POST, "/api/v1/runs", &[("prefer", prefer)], &run())
                .await
                .must_be(201);
            written += 1;
            let took = begun.elapsed().as_secs_f64();
            assert!(took >= at_least, "{prefer:?} took {took}");
            if took < at_most {
                break answer;
            }
        };
        assert_eq!(answer.header("trainer-consistency"), Some("pending"), "{prefer:?}");
        assert_eq!(answer.header("preference-applied"), applied, "{prefer:?}");
        assert!(answer.header("trainer-position").is_some());
        assert!(answer.header("etag").is_some() && answer.header("location").is_some());
    }
    assert_eq!(api.head().await, written);
    let path = runner.run().await;
    let late = [("prefer", "wait=1")];
    runner.send(Method::PATCH, &path, &late, &json!({ "notes": "x" })).await.must_be(200);
    let deleted = runner.send(Method::DELETE, &path, &late, &json!(null)).await.must_be(204);
    assert_eq!(deleted.header("trainer-consistency"), Some("pending"));
}

#[tokio::test]
async fn a_client_that_hangs_up_cancels_nothing() {
    let api = Api::start().await;
    let runner = api.runner();
    let list = format!("{}/workouts", runner.plan().await);
    // Nobody appends for a while: one command waits for its append, the others for their turn.
    let mut held = api.pool.begin().await.unwrap();
    sqlx::query("select position from es.head for update").execute(&mut *held).await.unwrap();
    let impatient = (0..5)
        .map(|_| tokio::time::timeout(Duration::from_millis(300), runner.post(&list, workout())));
    for gone in futures::future::join_all(impatient).await {
        gone.unwrap_err();
    }
    assert_eq!(api.head().await, 1);

    held.rollback().await.unwrap();

    let all_stored = async {
        while api.head().await < 6 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all_stored).await.unwrap();
}

#[tokio::test]
async fn events_tell_who_asked_and_in_which_request() {
    let api = Api::start().await;
    let runner = api.runner();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    runner
        .send(
            Method::POST,
            "/api/v1/runs",
            &[("x-request-id", "r-1"), ("traceparent", trace)],
            &run(),
        )
        .await
        .must_be(201);
    runner
        .send(Method::POST, "/api/v1/runs", &[("x-request-id", "r-2")], &run())
        .await
        .must_be(201);

    let events = event_store::read_after(&api.pool, 0, 10).await.unwrap();
    let metadata: Vec<serde_json::Value> =
        events.iter().map(|event| serde_json::from_slice(&event.metadata).unwrap()).collect();
    let user = json!(runner.id);
    for metadata in &metadata {
        assert_eq!(
            (&metadata["actor_id"], &metadata["owner_id"], &metadata["source"]),
            (&user, &user, &json!("http"))
        );
    }
    assert_eq!(
        (&metadata[0]["request_id"], &metadata[0]["traceparent"], &metadata[0]["correlation_id"]),
        (&json!("r-1"), &json!(trace), &json!("4bf92f3577b34da6a3ce929d0e0e4736"))
    );
    assert_eq!(
        (&metadata[1]["request_id"], &metadata[1]["correlation_id"]),
        (&json!("r-2"), &json!("r-2"))
    );
    assert_eq!(events[0].owner_id.0, runner.id);
}
