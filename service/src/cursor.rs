use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Problem, json};

/// Where a page of a list ends: the sort key of its last item, opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The cursor after the item with this sort key, a tuple.
    ///
    /// # Errors
    /// 500 when the key cannot be said as JSON.
    pub fn encode(key: &impl Serialize) -> Result<Self, Problem> {
        let json = serde_json::to_vec(key).map_err(|cause| {
            tracing::error!(%cause, "cursor not encoded");
            Problem::internal()
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(json)))
    }

    /// The sort key in the cursor.
    ///
    /// # Errors
    /// 400 when it is no cursor of this list.
    pub fn decode<K: DeserializeOwned>(&self) -> Result<K, Problem> {
        let malformed =
            || Problem::bad_request("the parameter cursor is not one that this list gave out");
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| malformed())?;
        let key = json::parse(&bytes).map_err(|_| malformed())?;
        if holds_nul(&key) {
            return Err(malformed());
        }
        serde_json::from_value(key).map_err(|_| malformed())
    }

    /// The text a client sends back.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text holds U+0000, which Postgres takes in no comparison either.
fn holds_nul(key: &serde_json::Value) -> bool {
    match key {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(holds_nul),
        serde_json::Value::Object(object) => {
            object.iter().any(|(name, value)| name.contains('\0') || holds_nul(value))
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            false
        }
    }
}
