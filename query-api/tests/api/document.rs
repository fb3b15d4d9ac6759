use chrono::NaiveDate;
use query_api::{Calendar, QueryState, router};
use serde_json::Value;
use service::ReadModels;
use sqlx::postgres::PgPoolOptions;

#[tokio::test]
async fn every_read_is_in_the_api_document() {
    // Never connected to: the document needs no rows.
    let pool =
        PgPoolOptions::new().connect_lazy("postgres://nobody@localhost/nothing").expect("a URL");
    let read_models = ReadModels::new(pool.clone());
    let state = QueryState { pool, read_models, calendar: Calendar::Stopped(NaiveDate::MIN) };
    let document = serde_json::to_value(router(state).get_openapi()).expect("JSON");

    let operation = |path: &str| document["paths"][path]["get"].clone();
    let parameters = |path: &str| {
        let parameters = operation(path)["parameters"].as_array().cloned().unwrap_or_default();
        parameters
            .iter()
            .filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned()))
            .collect::<Vec<_>>()
    };
    let of_all = ["Trainer-Position", "X-Act-As", "Prefer"];
    for (path, own) in [
        ("/api/v1/plans", &["status", "q", "limit", "cursor"][..]),
        ("/api/v1/plans/{id}", &["id", "If-None-Match"]),
        (
            "/api/v1/plans/{id}/workouts",
            &["id", "from", "to", "workout_type", "status", "limit", "cursor"],
        ),
        ("/api/v1/plans/{id}/runs", &["id", "from", "to", "source", "limit", "cursor"]),
        (
            "/api/v1/workouts",
            &["plan_id", "from", "to", "workout_type", "status", "limit", "cursor"],
        ),
        ("/api/v1/workouts/{id}", &["id", "If-None-Match"]),
        ("/api/v1/runs", &["from", "to", "workout_id", "plan_id", "source", "limit", "cursor"]),
        ("/api/v1/runs/{id}", &["id", "If-None-Match"]),
        ("/api/v1/analytics/summary", &["from", "to"]),
        ("/api/v1/analytics/plans/{id}/progress", &["id"]),
        ("/api/v1/analytics/plan/{id}", &["id"]),
    ] {
        assert_eq!(parameters(path), [own, &of_all].concat(), "{path}");
        let responses = operation(path)["responses"].as_object().expect("responses").clone();
        for status in ["200", "400", "401", "403", "404", "429", "503"] {
            assert!(responses.contains_key(status), "{path} {status}");
        }
        assert_eq!(responses.contains_key("304"), own.contains(&"If-None-Match"), "{path}");
        assert!(operation(path)["operationId"].is_string(), "{path}");
    }
    assert_eq!(document["paths"].as_object().map(serde_json::Map::len), Some(11));
    for reference in references(&document) {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(name, value)| match value.as_str().filter(|_| name == "$ref") {
                Some(reference) => vec![reference.to_owned()],
                None => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    }
}
