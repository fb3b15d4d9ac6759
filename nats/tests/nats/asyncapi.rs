//! The document for subscribers: up to date, and true of what is published.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use async_nats::HeaderMap;
use chrono::Utc;
use domain::{OwnerId, Part};
use event_store::RecordedEvent;
use nats::{asyncapi, headers, subject};
use serde_json::{Map, Value, json};
use uuid::Uuid;

#[test]
fn the_document_in_docs_is_up_to_date() {
    let path = repository().join("docs/asyncapi.yaml");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == asyncapi().to_yaml(),
        "{} is not up to date; write it anew: cargo run -p trainer -- asyncapi > docs/asyncapi.yaml",
        path.display()
    );
    let read: Value = serde_saphyr::from_str(&kept).unwrap();
    assert_eq!(read, document(), "what is read back from YAML is what was written");
}

#[test]
fn every_event_ever_shipped_fits_its_schema() {
    let mut described = names(&document()["components"]["messages"]);
    for (event_type, version, payload) in golden_files() {
        let message = format!("{event_type}.v{version}");
        assert!(described.remove(&message), "{message} is not described");
        let schema = payload_schema(&message);
        let problems: Vec<String> =
            validator(&schema).iter_errors(&payload).map(|error| error.to_string()).collect();
        assert_eq!(problems, Vec::<String>::new(), "{message}");
    }
    assert_eq!(described, BTreeSet::new(), "described, and without a golden file");
}

#[test]
fn a_payload_that_is_not_what_it_says_does_not_fit() {
    for (event_type, version, payload) in golden_files() {
        let schema = payload_schema(&format!("{event_type}.v{version}"));
        let validator = validator(&schema);
        let fields = payload.as_object().unwrap();
        for field in fields.keys() {
            let mut less = fields.clone();
            less.remove(field);
            assert!(!validator.is_valid(&less.into()), "{event_type} without {field}");
            let mut wrong = fields.clone();
            wrong.insert(field.clone(), json!([true]));
            assert!(!validator.is_valid(&wrong.into()), "{event_type} with a wrong {field}");
        }
        let mut more = fields.clone();
        more.insert("a_field_of_next_year".to_owned(), json!(1));
        assert!(validator.is_valid(&more.into()), "new fields may come");
    }
}

#[test]
fn every_event_has_the_headers_that_are_described() {
    let properties = &document()["components"]["schemas"]["EventHeaders"]["properties"];
    let all = names(properties);
    let sources: BTreeSet<&str> = properties["ce-source"]["description"]
        .as_str()
        .unwrap()
        .split([' ', ',', '.'])
        .filter(|word| word.starts_with('/'))
        .collect();
    for (event_type, version, payload) in golden_files() {
        let event = recorded(&event_type, &version, &payload);
        let schema =
            schema_at(&["components", "messages", &format!("{event_type}.v{version}"), "headers"]);
        let validator = validator(&schema);

        let published = as_json(&headers(&event, 0));
        assert!(sources.contains(published["ce-source"].as_str().unwrap()), "{published}");
        let problems: Vec<String> =
            validator.iter_errors(&published).map(|error| error.to_string()).collect();
        assert_eq!(problems, Vec::<String>::new(), "{event_type}");
        assert_eq!(names(&published), all, "{event_type}");

        // The one is there when there is a trace, the other in what earlier versions have published.
        let may_lack = ["traceparent", "Trainer-Part"];
        for name in all.iter().filter(|name| !may_lack.contains(&name.as_str())) {
            let mut less = published.as_object().unwrap().clone();
            less.remove(name);
            assert!(!validator.is_valid(&less.into()), "{event_type} without {name}");
        }
        let other = RecordedEvent { event_version: "2".into(), ..event };
        assert!(!validator.is_valid(&as_json(&headers(&other, 0))), "another version");
    }
}

#[test]
fn every_event_has_the_subject_that_is_described() {
    let document = document();
    let parts = &document["components"]["parameters"]["part"]["enum"];
    let described: BTreeSet<String> = document["channels"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|channel| {
            let address = channel["address"].as_str().unwrap();
            let parts = parts.as_array().unwrap().iter();
            parts.map(|part| address.replace("{part}", part.as_str().unwrap()))
        })
        .collect();
    let published: BTreeSet<String> = golden_files()
        .into_iter()
        .flat_map(|(event_type, _, _)| Part::all().map(move |part| subject(part, &event_type)))
        .collect();
    assert_eq!(described, published);
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 100, "{}", references.len());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect_references(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect_references(value, references));
        }
        Value::Array(values) => {
            values.iter().for_each(|value| collect_references(value, references));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn document() -> Value {
    serde_json::to_value(asyncapi()).unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn payload_schema(message: &str) -> Value {
    schema_at(&["components", "messages", message, "payload"])
}

/// A schema out of the document, with what it refers to.
fn schema_at(path: &[&str]) -> Value {
    let document = document();
    let found = path.iter().fold(&document, |value, name| &value[*name]);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "allOf": [found],
        "components": { "schemas": document["components"]["schemas"] },
    })
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

fn as_json(headers: &HeaderMap) -> Value {
    let texts = headers.iter().map(|(name, values)| (name.to_string(), values[0].as_str().into()));
    texts.collect::<Map<String, Value>>().into()
}

fn recorded(event_type: &str, version: &str, payload: &Value) -> RecordedEvent {
    let owner_id = OwnerId(Uuid::from_u128(7));
    let aggregate_type = match event_type.split_once('.').unwrap().0 {
        "workout" => "plan".to_owned(),
        noun => noun.to_owned(),
    };
    RecordedEvent {
        position: 42,
        aggregate_type: aggregate_type.into(),
        aggregate_id: Uuid::from_u128(9),
        sequence: 3,
        event_type: event_type.to_owned().into(),
        event_version: version.to_owned().into(),
        payload: payload.to_string().into(),
        metadata: r#"{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#
            .into(),
        owner_id,
        part: Part::of(owner_id),
        event_id: Uuid::from_u128(11),
        recorded_at: Utc::now(),
    }
}

/// Type, version and payload of every event ever shipped.
fn golden_files() -> Vec<(String, String, Value)> {
    let files = fs::read_dir(repository().join("domain/tests/golden")).unwrap();
    let read = files.map(|file| {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (event_type, version) = name.rsplit_once(".v").unwrap();
        let payload = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        (event_type.to_owned(), version.to_owned(), payload)
    });
    read.collect()
}
