//! Writes under an `Idempotency-Key`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use service::{Authentication, Role};

use crate::app::{App, somebody};

const RUNS: &str = "/api/v1/admin/projections/runs";

#[tokio::test]
async fn a_rollback_that_comes_again_under_its_key_happens_once() {
    let app = App::projecting().await;
    app.records(5).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 5).await;
    app.posted(&format!("{RUNS}/rebuild")).await;
    app.until(RUNS, |runs| runs["rebuild"]["state"] == "done").await;
    let operator = operator();
    let path = format!("{RUNS}/rollback");

    let first = app.once(&path, &operator, "back").await;
    assert_eq!((first.status, first.replayed), (StatusCode::ACCEPTED, false), "{}", first.body);
    let id = async || -> Vec<uuid::Uuid> {
        let ids = sqlx::query_scalar("select rebuild_id from projector.rebuilds");
        ids.fetch_all(&app.pool).await.unwrap()
    };
    let rolled_back = |runs: &Value| {
        (&runs["rebuild"]["kind"], &runs["rebuild"]["state"])
            == (&json!("rollback"), &json!("done"))
    };
    app.until(RUNS, rolled_back).await;
    let done = id().await;
    let again = app.once(&path, &operator, "back").await;
    assert_eq!((again.status, again.replayed), (StatusCode::ACCEPTED, true));
    assert_eq!(again.body, first.body);

    // As it is left behind by who was killed before the answer: it is known all the same that it has begun.
    sqlx::query("update projector.operator_requests set status = null, response = null")
        .execute(&app.pool)
        .await
        .unwrap();
    let unanswered = app.once(&path, &operator, "back").await;
    assert_eq!((unanswered.status, unanswered.replayed), (StatusCode::ACCEPTED, true));
    assert_eq!(unanswered.body["rebuild"]["state"], "done");
    assert_eq!(id().await, done, "it was begun once");

    let other = app.once(&format!("{RUNS}/pause"), &operator, "back").await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.body);
    let others = app.once(&format!("{RUNS}/pause"), &self::operator(), "back").await;
    assert_eq!((others.status, others.replayed), (StatusCode::OK, false), "another's key");
}

#[tokio::test]
async fn a_drop_that_comes_again_under_its_key_drops_no_other_event() {
    let app = App::projecting().await;
    app.posted(&format!("{RUNS}/pause")).await;
    let stream = app.records(1).await[0];
    // Two events of one run, and neither can be applied.
    for sql in [
        "with head as (update es.head set position = position + 1 returning position)
         insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                                metadata, owner_id, part, event_id, recorded_at)
         select head.position, aggregate_type, aggregate_id, 2, event_type, event_version, payload, metadata, owner_id,
                part, gen_random_uuid(), recorded_at
           from es.events, head",
        "update es.events set event_version = '7'",
    ] {
        sqlx::query(sql).execute(&app.pool).await.unwrap();
    }
    app.posted(&format!("{RUNS}/resume")).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 2).await;
    let path = format!("/api/v1/admin/parked/runs/{stream}/drop");
    let operator = operator();
    let dropped = async || -> i64 {
        let dropped = sqlx::query_scalar("select count(*) from projector.dropped_events");
        dropped.fetch_one(&app.pool).await.unwrap()
    };

    let first = app.once(&path, &operator, "one").await;
    assert_eq!((first.status, dropped().await), (StatusCode::OK, 1), "{}", first.body);
    assert_eq!(first.body["parked"], true, "the next one cannot be applied either");
    // Who was killed has not answered.
    sqlx::query("update projector.operator_requests set status = null, response = null")
        .execute(&app.pool)
        .await
        .unwrap();
    let again = app.once(&path, &operator, "one").await;
    assert_eq!((again.status, dropped().await), (StatusCode::OK, 1));
    assert_eq!(again.body["position"], first.body["position"]);

    // What is refused does not use its key up.
    let missing = format!("/api/v1/admin/parked/runs/{}/retry", uuid::Uuid::now_v7());
    for _ in 0..2 {
        let refused = app.once(&missing, &operator, "two").await;
        assert_eq!((refused.status, refused.replayed), (StatusCode::NOT_FOUND, false));
    }
    let another = app.once(&path, &operator, "two").await;
    assert_eq!((another.status, another.replayed, dropped().await), (StatusCode::OK, false, 2));
    assert_eq!(another.body["parked"], false);
}

#[tokio::test]
async fn every_write_but_checks_says_that_it_takes_a_key() {
    let app = App::start().await;
    let document = serde_json::to_value(&app.document).unwrap();
    let mut without = vec![];
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let takes_key = parameters.iter().any(|one| one["name"] == "Idempotency-Key");
            let responses = operation["responses"].as_object().unwrap();
            let mut good = responses.iter().filter(|(status, _)| status.starts_with('2'));
            let is_replayed =
                good.any(|(_, answer)| answer["headers"]["Idempotency-Replayed"].is_object());
            assert_eq!(takes_key, is_replayed, "{method} {path}");
            assert!(!takes_key || responses.contains_key("422"), "{method} {path}");
            if method == "post" && !takes_key {
                without.push(path.rsplit('/').next().unwrap().to_owned());
            }
        }
    }
    without.sort_unstable();
    // They change nothing, and are made anew whenever they are asked for.
    assert_eq!(without, ["diff", "verify"]);
}

fn operator() -> Authentication {
    somebody(&[Role::Admin])
}

/// What is answered to a write under a key.
struct Answered {
    status: StatusCode,
    replayed: bool,
    body: Value,
}

impl App {
    async fn once(&self, path: &str, operator: &Authentication, key: &str) -> Answered {
        let key = [("idempotency-key", key)];
        let (status, headers, body) = self.send(Method::POST, path, &key, operator.clone()).await;
        Answered { status, replayed: headers.contains_key("idempotency-replayed"), body }
    }
}
