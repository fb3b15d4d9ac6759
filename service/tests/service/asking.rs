//! Asks a router as a client would and keeps the answer in one piece.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The problem, after checking that it is told as the contract says.
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(
            problem["type"]
                .as_str()
                .is_some_and(|uri| uri.starts_with("urn:running-trainer:problem:"))
        );
        assert!(problem["title"].is_string());
        assert!(problem["instance"].as_str().is_some_and(|path| path.starts_with('/')));
        problem
    }

    /// `field code` of each violation.
    pub(crate) fn violations(&self) -> Vec<String> {
        let problem = self.problem();
        let errors = problem["errors"].as_array().expect("errors");
        errors
            .iter()
            .map(|error| {
                assert!(error["message"].is_string());
                format!(
                    "{} {}",
                    error["field"].as_str().expect("field"),
                    error["code"].as_str().expect("code")
                )
            })
            .collect()
    }
}

pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let answer = router.clone().oneshot(request).await.expect("a router always answers");
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) fn get(uri: &str) -> request::Builder {
    Request::get(uri)
}

pub(crate) fn empty(builder: request::Builder) -> Request<Body> {
    builder.body(Body::empty()).expect("a request")
}

pub(crate) fn post_json(uri: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(uri)
        .header("content-type", "application/json")
        .body(body.into())
        .expect("a request")
}
