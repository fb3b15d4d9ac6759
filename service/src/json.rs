use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep arrays and objects may nest; what the API takes is three deep.
const MAX_DEPTH: u8 = 32;

/// Why bytes are no JSON document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MalformedJson {
    #[error("the body is empty")]
    Empty,
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error("the body is not valid JSON: {0}")]
    Syntax(#[from] serde_json::Error),
}

/// Reads one JSON document, stricter than `serde_json`: a key may stand only once in an object, and there is a limit
/// to how deep it goes.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, MalformedJson> {
    let text = std::str::from_utf8(bytes).map_err(|_| MalformedJson::NotUtf8)?;
    if text.trim().is_empty() {
        return Err(MalformedJson::Empty);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Node {
    depth: u8,
}

impl Node {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = vec![];
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(inner)?;
            // Readers differ in which of two equal keys they take (RFC 8259, 4): nobody may rely on either.
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice in one object"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(bytes: &[u8]) -> String {
        parse(bytes).expect_err("refused").to_string()
    }

    #[test]
    fn a_document_reads_as_serde_json_reads_it() {
        let text =
            r#"{"a":[1,-2,3.5,true,null,"\u00e4\ud83c\udfc3"],"b":{"c":18446744073709551615}}"#;
        assert_eq!(
            parse(text.as_bytes()).expect("JSON"),
            serde_json::from_str::<Value>(text).expect("JSON")
        );
        assert_eq!(parse(b" 7 ").expect("JSON"), json!(7));
    }

    #[test]
    fn a_key_stands_once_in_an_object() {
        assert!(refused(br#"{"a":1,"a":1}"#).contains("twice"));
        assert!(refused(br#"{"x":[{"a":1,"\u0061":2}]}"#).contains("twice"));
        assert!(parse(br#"{"a":{"a":1}}"#).is_ok());
    }

    #[test]
    fn there_is_a_limit_to_the_depth() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(refused(nested(33).as_bytes()).contains("deeper"));
        assert!(refused(nested(100).as_bytes()).contains("deeper"));
        assert!(refused("[".repeat(500_000).as_bytes()).contains("deeper"));
        assert!(refused(format!("{}1", r#"{"a":"#.repeat(100)).as_bytes()).contains("deeper"));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        assert_eq!(refused(b""), "the body is empty");
        assert_eq!(refused(b" \n"), "the body is empty");
        assert_eq!(refused(b"\"\xff\""), "the body is not UTF-8");
        for text in [
            "{",
            "{}{}",
            "NaN",
            "[1,]",
            "{'a':1}",
            "1e400",
            "-1e400",
            r#""\ud800""#,
            "01",
            "\u{feff}{}",
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(MalformedJson::Syntax(_))), "{text}");
        }
    }
}
