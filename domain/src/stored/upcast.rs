//! Payloads of older versions, brought to the version written today.
//!
//! What is stored is never rewritten. A version that is replaced leaves behind one step, to the version
//! that came next, and older ones go all steps: a step is written once and knows two versions.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

/// The fields of an event, as they are stored.
pub(crate) type Payload = Map<String, Value>;

/// The step from one version of an event type to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upcaster {
    /// The version it begins with.
    pub(crate) from: &'static str,
    /// Makes of a payload of that version one of the next. It leaves alone what it does not know, and fails when the
    /// payload is not what its version says.
    pub(crate) step: fn(&mut Payload) -> serde_json::Result<()>,
}

/// The steps from this version to the one written today; `None` when it is not among the older ones.
pub(super) fn steps_from<'a>(version: &str, older: &'a [Upcaster]) -> Option<&'a [Upcaster]> {
    let first = older.iter().position(|upcaster| upcaster.from == version)?;
    Some(&older[first..])
}

/// Goes these steps.
pub(super) fn upcast(payload: &[u8], steps: &[Upcaster]) -> serde_json::Result<Value> {
    let mut payload: Payload = serde_json::from_slice(payload)?;
    for Upcaster { step, .. } in steps {
        step(&mut payload)?;
    }
    Ok(Value::Object(payload))
}
