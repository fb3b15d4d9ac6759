use axum::body::Body;
use http::{Method, Request};
use serde_json::json;

use crate::api::{Answer, Api, Runner, plan, run, with};

async fn raw(runner: Runner<'_>, content_type: Option<&str>, body: Vec<u8>) -> Answer {
    let mut request = Request::post("/api/v1/runs")
        .extension(runner.authentication())
        .header("prefer", "respond-async");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    runner.api.ask(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn what_is_no_json_is_a_400() {
    let api = Api::start().await;
    let runner = api.runner();
    let nested = format!("{{\"notes\":{}{}}}", "[".repeat(100), "]".repeat(100));
    for body in [
        &b""[..],
        b"{",
        b"{\"notes\":\"\xff\xfe\"}",
        b"{\"distance_km\":NaN}",
        b"{\"distance_km\":1e999}",
        b"{\"notes\":1,\"notes\":2}",
        nested.as_bytes(),
    ] {
        let answer = raw(runner, Some("application/json"), body.to_vec()).await;
        let problem = answer.must_be(400).json();
        assert_eq!(
            (&problem["status"], &problem["instance"]),
            (&json!(400), &json!("/api/v1/runs"))
        );
    }
    for body in ["[]", "null", "7", "\"x\""] {
        raw(runner, Some("application/json"), body.into()).await.must_be(422);
    }
    assert_eq!(api.head().await, 0);
}

#[tokio::test]
async fn what_is_not_sent_as_json_is_a_415_and_what_is_too_large_a_413() {
    let api = Api::start().await;
    let runner = api.runner();
    let body = run().to_string().into_bytes();
    raw(runner, None, body.clone()).await.must_be(415);
    raw(runner, Some("text/plain"), body.clone()).await.must_be(415);
    raw(runner, Some("application/json; charset=latin1"), body.clone()).await.must_be(415);
    raw(runner, Some("application/json; charset=UTF-8"), body).await.must_be(201);
    raw(runner, Some("application/json"), vec![b' '; 1_000_001]).await.must_be(413);
}

#[tokio::test]
async fn huge_numbers_are_out_of_range() {
    let api = Api::start().await;
    let runner = api.runner();
    for number in [
        "1e308",
        "-1e308",
        "99999999999999999999999",
        "9223372036854775808",
        "-1",
        "0",
        "0.0000001",
    ] {
        let body = format!(
            "{{\"actual_date\":\"2026-04-12\",\"distance_km\":{number},\"duration_seconds\":{number}}}"
        );
        let named = raw(runner, Some("application/json"), body.into()).await.violations();
        assert!(named.iter().any(|(field, _)| field == "distance_km"), "{number} {named:?}");
        assert!(named.iter().any(|(field, _)| field == "duration_seconds"), "{number} {named:?}");
    }
}

#[tokio::test]
async fn ids_in_paths_are_uuids() {
    let api = Api::start().await;
    let runner = api.runner();
    for id in ["1", "x", "%00", "'--", "0190000000007000800000000000000a", "%F0%9F%8F%83", "*"] {
        for path in [
            format!("/api/v1/plans/{id}"),
            format!("/api/v1/workouts/{id}"),
            format!("/api/v1/runs/{id}"),
        ] {
            runner.patch(&path, json!({})).await.must_be(400);
            runner.delete(&path).await.must_be(400);
        }
    }
}

#[tokio::test]
async fn a_path_takes_its_own_methods_only() {
    let api = Api::start().await;
    let runner = api.runner();
    let id = uuid::Uuid::now_v7();
    for (method, path) in [
        (Method::PUT, "/api/v1/plans".to_owned()),
        (Method::DELETE, "/api/v1/runs".to_owned()),
        (Method::POST, format!("/api/v1/plans/{id}")),
        (Method::PUT, format!("/api/v1/workouts/{id}/skip")),
        (Method::PATCH, format!("/api/v1/runs/{id}/match")),
    ] {
        let answer = runner.send(method, &path, &[], &json!(null)).await.must_be(405);
        assert!(answer.header("allow").is_some(), "{path}");
    }
    runner.post("/api/v1/shoes", json!({})).await.must_be(404);
}

#[tokio::test]
async fn text_is_kept_as_it_is() {
    let api = Api::start().await;
    let runner = api.runner();
    for text in [
        "'; drop table plans; --",
        "{{7*7}} ${7*7} <%= 7 %>",
        "\\u0000 \\x00",
        "\"quoted\"",
        "\u{202e}rtl\u{feff}",
        "a\tb\r\nc",
        "\u{1F469}\u{200D}\u{1F4BB}",
        "%s%n%x",
        "null",
        "\u{7f}\u{1}",
    ] {
        let created = runner
            .post("/api/v1/plans", with(plan(), json!({ "name": text, "description": text })))
            .await
            .must_be(201);
        let seen = runner.see(created.header("location").unwrap()).await;
        assert_eq!((&seen["name"], &seen["description"]), (&json!(text.trim()), &json!(text)));
    }
}
