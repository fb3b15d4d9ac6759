use domain::OwnerId;
use http::{HeaderMap, Method, Uri, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::JsonBody;

/// A digest of what a request asks for: two with the same one are the same request.
///
/// Method, path, query, `If-Match`, the athlete it is for when that is not the user, and the JSON of the body count, not
/// how it is written: a client that builds its request anew for a retry may order fields and set spaces as it likes.
#[must_use]
pub fn fingerprint(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    athlete: Option<OwnerId>,
    body: Option<&JsonBody>,
) -> Vec<u8> {
    let mut digest = Sha256::new();
    let target = uri.path_and_query().map_or_else(|| uri.path(), |target| target.as_str());
    feed_bytes(&mut digest, method.as_str().as_bytes());
    feed_bytes(&mut digest, target.as_bytes());
    let conditions: Vec<_> = headers.get_all(header::IF_MATCH).iter().collect();
    digest.update(conditions.len().to_be_bytes());
    conditions.iter().for_each(|line| feed_bytes(&mut digest, line.as_bytes()));
    // Fed only when there is one: requests for oneself have the digest they have always had.
    if let Some(athlete) = athlete {
        digest.update(b"for");
        digest.update(athlete.0.as_bytes());
    }
    // It was read as JSON before, so it is.
    if let Some(Ok(value)) = body.map(|body| serde_json::from_slice(body.bytes())) {
        feed_value(&mut digest, &value);
    }
    digest.finalize().to_vec()
}

/// The length comes first, so that no two lists of texts feed the same bytes.
fn feed_bytes(digest: &mut Sha256, bytes: &[u8]) {
    digest.update(bytes.len().to_be_bytes());
    digest.update(bytes);
}

fn feed_value(digest: &mut Sha256, value: &Value) {
    match value {
        Value::Null => digest.update(b"n"),
        Value::Bool(true) => digest.update(b"t"),
        Value::Bool(false) => digest.update(b"f"),
        Value::Number(number) => {
            digest.update(b"#");
            feed_bytes(digest, number.to_string().as_bytes());
        }
        Value::String(text) => {
            digest.update(b"s");
            feed_bytes(digest, text.as_bytes());
        }
        Value::Array(items) => {
            digest.update(b"[");
            digest.update(items.len().to_be_bytes());
            items.iter().for_each(|item| feed_value(digest, item));
        }
        Value::Object(object) => {
            digest.update(b"{");
            digest.update(object.len().to_be_bytes());
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in fields {
                feed_bytes(digest, name.as_bytes());
                feed_value(digest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Vec<u8> {
        let mut digest = Sha256::new();
        feed_value(&mut digest, value);
        digest.finalize().to_vec()
    }

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":[1,2],"d":null}}"#).unwrap();
        let other: Value =
            serde_json::from_str(r#"{ "b": {"d": null, "c": [1, 2]}, "a": 1 }"#).unwrap();

        assert_eq!(of(&one), of(&other));
    }

    #[test]
    fn everything_else_matters() {
        let values = [
            json!({"a": 1}),
            json!({"a": "1"}),
            json!({"a": null}),
            json!({}),
            json!({"a": [1, 2]}),
            json!({"a": [2, 1]}),
            json!({"a": [[1], 2]}),
            json!({"a": [[1, 2]]}),
            json!({"ab": "c"}),
            json!({"a": "bc"}),
        ];
        for (index, one) in values.iter().enumerate() {
            for other in &values[index + 1..] {
                assert_ne!(of(one), of(other), "{one} {other}");
            }
        }
    }
}
