//! What names a request, and how its events name it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::program::Program;
use crate::runner::Runner;
use crate::training::run;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The events of something, as an operator sees them.
fn events(id: &Value) -> Vec<Value> {
    let output = Program::shared().trainer(&["events", "show", id.as_str().unwrap()]);
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_request_id_is_returned_or_made() {
    let runner = Runner::new().await;
    for id in ["x", "a-b_c.d/e:f+g=", &"i".repeat(128)] {
        let answer = runner.get("/api/v1/plans").header("x-request-id", id).await;
        assert_eq!(answer.header("x-request-id"), Some(id));
        let refused = runner.get("/api/v1/plans/x").header("x-request-id", id).await;
        assert_eq!(refused.problem(400)["request_id"], id);
    }
    let mut made = vec![];
    for path in ["/api/v1/plans", "/api/v1/nothing", "/health", "/openapi.json", "/metrics"] {
        let id = runner.get(path).await.header("x-request-id").unwrap().to_owned();
        assert!(!made.contains(&id));
        made.push(id);
    }
    // What would not be safe in a header or a log is replaced.
    for id in ["a b", &"i".repeat(5_000), "\u{e4}"] {
        let answer = runner.get("/api/v1/plans").header("x-request-id", id).await.must_be(200);
        answer.header("x-request-id").unwrap().parse::<Uuid>().unwrap();
    }
}

#[tokio::test]
async fn events_say_who_asked_for_them_in_which_request_and_trace() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let (workout, _) = runner.workout(&plan, json!({})).await;
    let request_id = Uuid::new_v4().to_string();
    let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let for_it = crate::training::with(run(), json!({ "workout_id": workout["id"] }));
    let recorded = runner.post("/api/v1/runs", for_it);
    let recorded = recorded
        .header("x-request-id", &request_id)
        .header("traceparent", &traceparent)
        .await
        .must_be(201);

    let run = recorded.json();
    let of_run = events(&run["id"]);
    let of_plan = events(&plan["id"]);
    let types =
        |events: &[Value]| events.iter().map(|event| event["type"].clone()).collect::<Vec<_>>();
    assert_eq!(types(&of_run), ["run.recorded", "run.matched"]);
    assert_eq!(types(&of_plan), ["plan.created", "workout.scheduled", "workout.completed"]);
    let caused = [&of_run[0], &of_run[1], &of_plan[2]];
    for event in caused {
        let metadata = &event["metadata"];
        assert_eq!(metadata["request_id"], request_id.as_str());
        assert!(metadata["traceparent"].as_str().unwrap().contains(TRACE), "{metadata}");
        for member in ["actor", "owner"] {
            let id = [member.to_owned(), format!("{member}_id")]
                .into_iter()
                .find(|name| !metadata[name].is_null());
            assert_eq!(metadata[id.unwrap()], runner.user_id.as_str(), "{metadata}");
        }
        assert!(
            metadata["correlation_id"].is_string() && metadata["source"].is_string(),
            "{metadata}"
        );
        assert_eq!(event["owner_id"], runner.user_id.as_str());
    }
    let last = caused.iter().map(|event| event["position"].as_u64().unwrap()).max();
    assert_eq!(last, Some(recorded.position()));
    assert_ne!(of_plan[0]["metadata"]["request_id"], request_id.as_str());
}

#[tokio::test]
async fn the_access_log_says_who_asked_for_what_and_how_it_went() {
    let runner = Runner::new().await;
    let request_id = Uuid::new_v4().to_string();
    let path = format!("/api/v1/plans/{}?secret=x", Uuid::new_v4());
    let answer = runner.get(path).header("x-request-id", &request_id).await.must_be(404);
    // A role behind a gateway has one, too, which says the same.
    let is_line = |line: &Value| line["request_id"] == request_id.as_str();
    let began = Instant::now();
    let line = loop {
        let lines = Program::shared().log();
        match lines.into_iter().find(is_line) {
            Some(line) => break line,
            None => assert!(began.elapsed() < Duration::from_secs(120), "no line"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((&line["method"], &line["route"]), (&json!("GET"), &json!("/api/v1/plans/{id}")));
    assert_eq!((&line["status"], &line["bytes"]), (&json!(404), &json!(answer.body.len())));
    assert_eq!((&line["user_id"], &line["api_key_id"]), (&json!(runner.user_id), &Value::Null));
    assert_eq!((&line["client"], &line["complete"]), (&json!("127.0.0.1"), &json!(true)));
    assert!(!line.to_string().contains("secret"), "{line}");
}

#[tokio::test]
async fn a_traceparent_that_is_none_is_ignored() {
    let runner = Runner::new().await;
    for traceparent in [
        "",
        "x",
        "00-0-0-00",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        runner.get("/api/v1/plans").header("traceparent", traceparent).await.must_be(200);
    }
}
