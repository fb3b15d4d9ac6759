//! The API document, and requests that are made from it.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::runner::Runner;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The document as the program serves it.
pub(crate) async fn document() -> Value {
    let answer = Runner::nobody().get("/openapi.json").await.must_be(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

/// Each operation: its path, its method, and what the document says of it.
pub(crate) fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item)| {
        let item: &Map<String, Value> = Value::as_object(item).unwrap();
        let operations = item.iter().filter(|(name, _)| METHODS.contains(&name.as_str()));
        operations
            .map(move |(method, operation)| (String::as_str(path), method.as_str(), operation))
    };
    paths.iter().flat_map(of_path).collect()
}

/// Whether an operation needs no token.
pub(crate) fn is_open(document: &Value, operation: &Value) -> bool {
    let requirements =
        operation.get("security").unwrap_or(&document["security"]).as_array().unwrap();
    requirements.is_empty() || requirements.contains(&json!({}))
}

/// The schema that a reference leads to, or the schema itself.
pub(crate) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// A body that an operation takes, when it takes one: what must be in it, and what has an example. `known` says what
/// fields of some names are to hold.
pub(crate) fn body(
    document: &Value,
    operation: &Value,
    known: &dyn Fn(&str) -> Option<Value>,
) -> Option<Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    schema.is_object().then(|| sample(document, schema, known))
}

fn sample(document: &Value, schema: &Value, known: &dyn Fn(&str) -> Option<Value>) -> Value {
    let schema = resolved(document, schema);
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(schemas) = schema[several].as_array() {
            let first = schemas.iter().find(|schema| schema["type"] != "null");
            return sample(document, first.expect("one that is not null"), known);
        }
    }
    // A whole body's example would not know what fields are to hold.
    if kind(schema) == "object" {
        return object(document, schema, known);
    }
    if let Some(example) = example(schema) {
        return example.clone();
    }
    match kind(schema) {
        "array" => json!([sample(document, &schema["items"], known)]),
        "boolean" => json!(false),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "string" => match schema["format"].as_str() {
            Some("uuid") => json!(Uuid::now_v7()),
            Some("date") => json!("2025-03-05"),
            Some("date-time") => json!("2099-03-05T07:30:00Z"),
            Some(_) | None => json!("over hill, over dale"),
        },
        other => panic!("nothing is known of type {other}: {schema}"),
    }
}

fn object(document: &Value, schema: &Value, known: &dyn Fn(&str) -> Option<Value>) -> Value {
    let is_required = |name: &str| {
        schema["required"].as_array().is_some_and(|required| required.contains(&json!(name)))
    };
    let fields = schema["properties"].as_object().into_iter().flatten();
    let filled = fields.filter_map(|(name, field)| {
        let value = known(name).or_else(|| {
            (is_required(name) || example(resolved(document, field)).is_some())
                .then(|| sample(document, field, known))
        })?;
        Some((name.clone(), value))
    });
    filled.collect::<Map<_, _>>().into()
}

fn example(schema: &Value) -> Option<&Value> {
    let first = |list: &str| schema[list].as_array().and_then(|list| list.first());
    schema.get("example").or_else(|| first("examples")).or_else(|| first("enum"))
}

/// The type of a schema; of several, the one that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").expect("a type")
        }
        _ if schema["enum"].is_array() => "string",
        _ if schema["properties"].is_object() => "object",
        _ => panic!("a schema without a type: {schema}"),
    }
}
