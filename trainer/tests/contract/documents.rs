//! The documents that describe the API.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::openapi::{document, is_open, operations, resolved};
use crate::runner::Runner;

/// Every route of the contract's sections that are there.
const ROUTES: [(&str, &str); 26] = [
    ("/api/v1/plans", "get post"),
    ("/api/v1/plans/{id}", "delete get patch put"),
    ("/api/v1/plans/{id}/workouts", "get post"),
    ("/api/v1/plans/{id}/runs", "get"),
    ("/api/v1/workouts", "get post"),
    ("/api/v1/workouts/{id}", "delete get patch put"),
    ("/api/v1/workouts/{id}/skip", "post"),
    ("/api/v1/workouts/{id}/reopen", "post"),
    ("/api/v1/runs", "get post"),
    ("/api/v1/runs/{id}", "delete get patch put"),
    ("/api/v1/runs/{id}/match", "post"),
    ("/api/v1/runs/{id}/unmatch", "post"),
    ("/api/v1/analytics/summary", "get"),
    ("/api/v1/analytics/plans/{id}/progress", "get"),
    ("/api/v1/analytics/plan/{id}", "get"),
    ("/api/v1/auth/register", "post"),
    ("/api/v1/auth/login", "post"),
    ("/api/v1/auth/refresh", "post"),
    ("/api/v1/auth/logout", "post"),
    ("/api/v1/auth/verify-email", "post"),
    ("/api/v1/auth/resend-verification", "post"),
    ("/api/v1/auth/forgot-password", "post"),
    ("/api/v1/auth/reset-password", "post"),
    ("/api/v1/auth/change-password", "post"),
    ("/.well-known/jwks.json", "get"),
    ("/health", "get"),
];
/// What may be called without a token.
const PUBLIC: [&str; 16] = [
    "/api/v1/auth/register",
    "/api/v1/auth/login",
    "/api/v1/auth/login/complete",
    "/api/v1/auth/providers",
    "/api/v1/auth/oauth/{provider}",
    "/api/v1/auth/oauth/{provider}/callback",
    "/api/v1/auth/refresh",
    "/api/v1/auth/verify-email",
    "/api/v1/auth/resend-verification",
    "/api/v1/auth/forgot-password",
    "/api/v1/auth/reset-password",
    "/api/v1/auth/pages/{page}",
    "/.well-known/jwks.json",
    "/health",
    "/health/live",
    "/health/ready",
];
#[tokio::test]
async fn the_document_has_every_route_of_the_contract() {
    let document = document().await;
    let mut described: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, method, _) in operations(&document) {
        described.entry(path).or_default().insert(method);
    }
    for (path, methods) in ROUTES {
        let expected: BTreeSet<&str> = methods.split(' ').collect();
        assert_eq!(described.get(path), Some(&expected), "{path}");
    }
    assert!(described["/api/v1/auth/me"].is_superset(&BTreeSet::from(["get", "patch"])));
}

#[tokio::test]
async fn the_document_is_a_valid_one() {
    let document = document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    for member in ["title", "version"] {
        assert!(document["info"][member].as_str().is_some_and(|text| !text.is_empty()));
    }
    let mut operation_ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{method} {path} has no operationId"));
        assert!(operation_ids.insert(id), "{id} twice");
        assert!(operation["summary"].is_string(), "{method} {path}");
        let empty = vec![];
        let parameters = operation["parameters"].as_array().unwrap_or(&empty);
        let of_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let named: BTreeSet<_> =
            of_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        let in_path: BTreeSet<_> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(named, in_path, "{method} {path}");
        let mut seen = BTreeSet::new();
        for parameter in parameters {
            let key = (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap());
            assert!(seen.insert(key), "{method} {path} has {key:?} twice");
            assert!(parameter["schema"].is_object(), "{method} {path} {key:?}");
            assert!(key.0 != "path" || parameter["required"] == true, "{method} {path} {key:?}");
        }
        let responses = operation["responses"].as_object().unwrap();
        // What a browser is sent away by has no other good answer.
        let is_good = |status: &String| status.starts_with('2') || status == "303";
        assert!(responses.keys().any(is_good), "{method} {path}");
        for (status, response) in responses {
            assert!(response["description"].is_string(), "{method} {path} {status}");
            if status.starts_with('4') {
                let is_problem =
                    response["content"]["application/problem+json"]["schema"].is_object();
                assert!(is_problem, "{method} {path} {status}");
            }
        }
        let takes_body = ["put", "patch"].contains(&method);
        assert!(
            !takes_body || operation["requestBody"]["content"]["application/json"].is_object(),
            "{method} {path}"
        );
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let pointer =
            reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} lies elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for scheme in document["components"]["securitySchemes"].as_object().unwrap().values() {
        assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
    }
}

#[tokio::test]
async fn a_parameter_can_be_left_out_and_is_never_null() {
    let document = document().await;
    let mut seen = 0;
    for (path, method, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = resolved(&document, &parameter["schema"]);
            let text = schema.to_string();
            assert!(!text.contains("\"null\""), "{method} {path} {}: {text}", parameter["name"]);
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} parameters");
}

#[tokio::test]
async fn what_the_document_says_needs_a_token_does_and_nothing_else() {
    let document = document().await;
    let nobody = Runner::nobody();
    for (path, method, operation) in operations(&document) {
        let is_open = is_open(&document, operation);
        assert_eq!(is_open, PUBLIC.contains(&path), "{method} {path}");
        let id = Uuid::now_v7().to_string();
        let asked = path.replace("{id}", &id).replace("{stream_id}", &id).replace("{pdf_id}", &id);
        let asked = asked.replace("{name}", "runs").replace("{projection}", "runs");
        let asked = asked.replace("{provider}", "google").replace("{page}", "page.js");
        assert!(!asked.contains('{'), "{path}");
        let answer = nobody.ask(method.to_uppercase().parse::<Method>().unwrap(), &asked).await;
        if is_open {
            assert_ne!(answer.status, 401, "{method} {path}");
        } else {
            assert!(operation["responses"]["401"].is_object(), "{method} {path} describes no 401");
            answer.problem(401);
        }
    }
}

#[tokio::test]
async fn what_a_client_sends_and_gets_is_what_the_document_describes() {
    let document = document().await;
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    let (workout, _) = runner.workout(&plan, json!({})).await;
    let (run, _) = runner.run(json!({ "workout_id": workout["id"] })).await;
    let progress = runner
        .see(format!("/api/v1/analytics/plans/{}/progress", path.rsplit_once('/').unwrap().1))
        .await;
    for (path, shown) in [
        ("/api/v1/plans/{id}", plan),
        ("/api/v1/workouts/{id}", workout),
        ("/api/v1/runs/{id}", run),
        ("/api/v1/plans", runner.see("/api/v1/plans").await),
        ("/api/v1/analytics/summary", runner.see("/api/v1/analytics/summary").await),
        ("/api/v1/analytics/plans/{id}/progress", progress),
        ("/api/v1/auth/me", runner.see("/api/v1/auth/me").await),
        ("/health", runner.health().await),
        ("/.well-known/jwks.json", runner.see("/.well-known/jwks.json").await),
    ] {
        let response = &document["paths"][path]["get"]["responses"]["200"];
        let schema = resolved(&document, &response["content"]["application/json"]["schema"]);
        let described: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
        let there: BTreeSet<_> = shown.as_object().unwrap().keys().collect();
        assert_eq!(described, there, "{path}");
    }
}

#[tokio::test]
async fn the_pages_show_the_document_and_load_nothing_from_elsewhere() {
    let nobody = Runner::nobody();
    for path in ["/docs", "/redoc"] {
        let mut page = nobody.get(path).await;
        let mut at = path.to_owned();
        if (300..400).contains(&page.status) {
            at = page.header("location").unwrap().to_owned();
            assert!(at.starts_with('/'), "{at}");
            page = nobody.get(&at).await;
        }
        let page = page.must_be(200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        let html = page.text();
        let mut assets = 0;
        for attribute in ["src=\"", "href=\""] {
            for link in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                if link.starts_with("data:") || link.starts_with('#') {
                    continue;
                }
                assert!(!link.contains("//"), "{path} loads {link}");
                let link = link.strip_prefix("./").unwrap_or(link);
                let absolute = if link.starts_with('/') {
                    link.to_owned()
                } else {
                    format!("{}/{link}", at.trim_end_matches('/'))
                };
                assets += 1;
                let asset = nobody.get(&absolute).await.must_be(200);
                assert!(!asset.body.is_empty(), "{absolute}");
            }
        }
        assert!(assets > 0, "{path}");
        // Whatever the scripts try, the browser loads nothing else.
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
    }
    let swagger = nobody.get("/docs/swagger-initializer.js").await.must_be(200).text();
    assert!(swagger.contains("/openapi.json"), "{swagger}");
}
