use serde_json::{Map, Value, json};

use super::events::EventSchema;
use crate::message;

/// The headers that every message has, under the name that messages refer to.
pub(super) const COMMON: &str = "EventHeaders";

/// What is in the headers of every event.
pub(super) fn common() -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, schema) in described() {
        properties.insert(name.to_owned(), schema);
        if name != message::TRACEPARENT && name != message::PART {
            required.push(name);
        }
    }
    json!({
        "description": "A CloudEvent in binary mode, and what subscribers need to be exact.",
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

/// The headers of one type of event.
pub(super) fn of(event: &EventSchema) -> Value {
    json!({
        "allOf": [{ "$ref": format!("#/components/schemas/{COMMON}") }],
        "type": "object",
        "properties": {
            message::TYPE: { "const": event.event_type },
            message::EVENT_VERSION: { "const": event.version },
            message::SOURCE: { "const": format!("/{}", event.aggregate_type) },
        },
    })
}

fn described() -> [(&'static str, Value); 15] {
    let id = |about: &str| json!({ "description": about, "type": "string", "format": "uuid" });
    let text = |about: &str| json!({ "description": about, "type": "string" });
    let number = |about: &str, pattern: &str| json!({ "description": about, "type": "string", "pattern": pattern });
    let natural = "^[1-9][0-9]*$";
    [
        (message::MESSAGE_ID, id("The event's id, once more: JetStream's id of the message.")),
        (
            message::SPEC_VERSION,
            json!({ "description": "The version of CloudEvents.", "const": "1.0" }),
        ),
        (message::ID, id("The event's id.")),
        (
            message::SOURCE,
            text(
                "The type of what it happened to: /plan, /plan_export, /run or /user. A plan's workouts belong to it.",
            ),
        ),
        (message::SUBJECT, id("The id of the plan, plan export, run or user that it happened to.")),
        (message::TYPE, text("What happened, as in the subject.")),
        (
            message::TIME,
            json!({ "description": "When it was stored, in UTC.", "type": "string", "format": "date-time" }),
        ),
        (
            message::CONTENT_TYPE,
            json!({ "description": "What the payload is.", "const": "application/json" }),
        ),
        (
            message::POSITION,
            number(
                "Its place in the one order of all events, from 1 on. Only erased events leave gaps.",
                natural,
            ),
        ),
        (
            message::PREVIOUS_POSITION,
            number(
                "The position of the event before it in the same part, 0 when it is the part's first.",
                "^(0|[1-9][0-9]*)$",
            ),
        ),
        (
            message::PART,
            number(
                "The part it is in, of 64, as in the subject. Messages that earlier versions have published lack it.",
                "^([0-5][0-9]|6[0-3])$",
            ),
        ),
        (message::OWNER, id("The runner it belongs to. All of a runner's events are in one part.")),
        (
            message::SEQUENCE,
            number(
                "Its place among the events of the same plan, plan export, run or user, from 1 on.",
                natural,
            ),
        ),
        (message::EVENT_VERSION, number("The version of the payload's form.", natural)),
        (
            message::TRACEPARENT,
            text("The W3C trace that the request belonged to, when it named one."),
        ),
    ]
}
