use std::collections::HashSet;

use serde_json::Value;

use crate::api::{Api, with};

async fn document() -> Value {
    let api = Api::start().await;
    let state = command_api::CommandState {
        store: api.store.clone(),
        read_models: api.read_models.clone(),
        clock: std::sync::Arc::new(chrono::Utc::now),
    };
    serde_json::to_value(command_api::router(state).into_openapi()).unwrap()
}

#[tokio::test]
async fn every_write_is_described() {
    let document = document().await;
    let mut described = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.push(format!("{method} {path}"));
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert_eq!(
                operation["security"],
                serde_json::json!([{ "bearer": [] }]),
                "{method} {path}"
            );
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "401", "403", "404", "409", "422", "429", "503"] {
                assert!(responses.contains_key(status), "{method} {path} {status}");
            }
            let (_, success) =
                responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
            assert!(success["headers"]["Trainer-Position"].is_object(), "{method} {path}");
            assert!(success["headers"]["Idempotency-Replayed"].is_object(), "{method} {path}");
            let named: Vec<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert!(
                ["Idempotency-Key", "Prefer", "X-Act-As"].iter().all(|name| named.contains(name)),
                "{method} {path} {named:?}"
            );
            let versioned = method != "post"
                || path.ends_with("skip")
                || path.ends_with("reopen")
                || path.ends_with("match");
            assert_eq!(named.contains(&"If-Match"), versioned, "{method} {path}");
            assert_eq!(named.contains(&"id"), path.contains("{id}"), "{method} {path}");
        }
    }
    described.sort_unstable();
    assert_eq!(
        described,
        [
            "delete /api/v1/plans/{id}",
            "delete /api/v1/runs/{id}",
            "delete /api/v1/workouts/{id}",
            "patch /api/v1/plans/{id}",
            "patch /api/v1/runs/{id}",
            "patch /api/v1/workouts/{id}",
            "post /api/v1/plans",
            "post /api/v1/plans/{id}/workouts",
            "post /api/v1/runs",
            "post /api/v1/runs/{id}/match",
            "post /api/v1/runs/{id}/unmatch",
            "post /api/v1/workouts",
            "post /api/v1/workouts/{id}/reopen",
            "post /api/v1/workouts/{id}/skip",
            "put /api/v1/plans/{id}",
            "put /api/v1/runs/{id}",
            "put /api/v1/workouts/{id}",
        ]
    );
}

#[tokio::test]
async fn what_is_referred_to_is_there() {
    let document = document().await;
    let mut references = HashSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut HashSet<String>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn requests_are_described_as_they_are_read() {
    let document = document().await;
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    let required = |name: &str| {
        let mut required: Vec<String> =
            serde_json::from_value(schema(name)["required"].clone()).unwrap_or_default();
        required.sort_unstable();
        required
    };
    assert_eq!(required("PlanFields"), ["end_date", "name", "start_date"]);
    assert_eq!(required("WorkoutFields"), ["name", "workout_type"]);
    assert_eq!(required("RunFields"), ["distance_km"]);
    assert_eq!(required("MatchFields"), ["workout_id"]);
    for changes in ["PlanChanges", "WorkoutChanges", "RunChanges"] {
        assert!(required(changes).is_empty(), "{changes}");
        assert_eq!(schema(changes)["additionalProperties"], false, "{changes}");
    }

    // What the document allows, the writes take.
    let api = Api::start().await;
    let runner = api.runner();
    let known = |name: &str| {
        schema(name)["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    for (path, name, other) in [
        (runner.plan().await, "PlanChanges", crate::api::plan()),
        (runner.run().await, "RunChanges", crate::api::run()),
    ] {
        for field in known(name) {
            let body =
                with(other.clone(), serde_json::json!({ field.clone(): { "not": "a value" } }));
            let named = runner.patch(&path, body).await.violations();
            assert!(
                named.iter().all(|(_, code)| code != "unknown_field" && code != "read_only"),
                "{field} {named:?}"
            );
        }
    }
}
