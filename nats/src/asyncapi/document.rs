use std::collections::BTreeMap;

use domain::Part;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::events::{EventSchema, events};
use super::headers;
use crate::{STREAM, SUBJECTS};

const DESCRIPTION: &str = "Everything that happens to plans, workouts and runs, as events on NATS JetStream. The stream \
`TRAINER_EVENTS` has them in the order in which they were stored, each once, for as long as its retention says. Every \
message is a CloudEvent in binary mode. docs/SUBSCRIBERS.md says how to miss none and to do nothing twice.

New types of events and new optional fields may come; what is here does not change its meaning.";

const PART: &str = "One of the 64 parts that runners are spread over. All events of one runner are in one part, in order.";

/// An AsyncAPI 3.0 document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AsyncApi {
    asyncapi: &'static str,
    info: Value,
    #[serde(rename = "defaultContentType")]
    default_content_type: &'static str,
    channels: BTreeMap<&'static str, Value>,
    operations: BTreeMap<String, Value>,
    components: Components,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Components {
    parameters: Value,
    messages: BTreeMap<String, Value>,
    schemas: Map<String, Value>,
}

impl AsyncApi {
    /// The document as `docs/asyncapi.yaml` has it.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).expect("texts, lists and maps with texts as keys are YAML")
    }
}

/// What is published on NATS: every subject, header and payload.
#[must_use]
pub fn asyncapi() -> AsyncApi {
    let (events, mut schemas) = events();
    schemas.insert(headers::COMMON.to_owned(), headers::common());
    let parts: Vec<String> = Part::all().map(|part| part.to_string()).collect();
    AsyncApi {
        asyncapi: "3.0.0",
        info: json!({
            "title": "Running Trainer, events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        }),
        default_content_type: "application/json",
        channels: events.iter().map(|event| (event.event_type, channel(event))).collect(),
        operations: events.iter().map(operation).collect(),
        components: Components {
            parameters: json!({ "part": { "description": PART, "enum": parts } }),
            messages: events.iter().map(|event| (message_name(event), message(event))).collect(),
            schemas,
        },
    }
}

fn message_name(event: &EventSchema) -> String {
    format!("{}.v{}", event.event_type, event.version)
}

fn channel(event: &EventSchema) -> Value {
    let message_name = message_name(event);
    json!({
        "address": SUBJECTS.replace('>', &format!("{{part}}.{}", event.event_type)),
        "description": format!("Kept in the stream {STREAM}."),
        "parameters": { "part": { "$ref": "#/components/parameters/part" } },
        "messages": { &message_name: { "$ref": format!("#/components/messages/{message_name}") } },
    })
}

fn operation(event: &EventSchema) -> (String, Value) {
    let channel = format!("#/channels/{}", event.event_type);
    let operation = json!({
        "action": "send",
        "summary": event.meaning,
        "channel": { "$ref": channel },
        "messages": [{ "$ref": format!("{channel}/messages/{}", message_name(event)) }],
    });
    (format!("publish {}", event.event_type).replace([' ', '.'], "_"), operation)
}

fn message(event: &EventSchema) -> Value {
    json!({
        "name": message_name(event),
        "title": event.event_type,
        "summary": event.meaning,
        "contentType": "application/json",
        "headers": headers::of(event),
        "payload": event.payload,
    })
}
