use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Options;

use crate::ImportError;

/// A value of a YAML file of whatever kind, so that a wrong one can be named by its week and day.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// The largest file that is read. Real plans are a few KiB.
const MAX_BYTES: usize = 1 << 20;

impl Node {
    /// Reads a YAML document, within bounds that no real plan comes near.
    pub(super) fn read(yaml: &str) -> Result<Self, ImportError> {
        if yaml.len() > MAX_BYTES {
            return Err(ImportError::TooLarge { max_kib: MAX_BYTES / 1024 });
        }
        serde_saphyr::from_str_with_options(yaml, options())
            .map_err(|error| ImportError::Yaml { message: error.to_string() })
    }

    /// The text, when it is one; a number counts as its digits.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The value of a key that is there and not empty.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value)
                .filter(|value| **value != Self::Null),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// Its keys, when it is a mapping.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = match self {
            Self::Map(entries) => entries.as_slice(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => &[],
        };
        entries.iter().map(|(key, _)| key.as_str())
    }

    /// What it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "yes or no",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Bounds: a year of days needs some 6,000 nodes, and nobody needs aliases of aliases.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 60_000,
            max_nodes: 30_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_depth: 16,
            max_documents: 1,
            max_total_scalar_bytes: MAX_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 60_000,
            max_replay_stack_depth: 4,
        },
        with_snippet: false,
        strict_booleans: true,
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Node, E> {
        Ok(Node::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_what_they_look_like() {
        let node = Node::read("a: 3\nb: 3.5\nc: '3'\nd: ~\ne: true\nf: Yes\ng: [1, x]").unwrap();
        assert_eq!(node.get("a"), Some(&Node::Number(3.0)));
        assert_eq!(node.get("b"), Some(&Node::Number(3.5)));
        assert_eq!(node.get("c"), Some(&Node::Text("3".to_owned())));
        assert_eq!(node.get("d"), None);
        assert_eq!(node.get("e"), Some(&Node::Bool(true)));
        assert_eq!(node.get("f"), Some(&Node::Text("Yes".to_owned())));
        assert_eq!(
            node.get("g"),
            Some(&Node::List(vec![Node::Number(1.0), Node::Text("x".to_owned())]))
        );
    }

    #[test]
    fn a_broken_file_is_refused_with_its_line() {
        for (yaml, line) in
            [("a: 1\nb: [1, 2\n", "line"), ("a: 1\na: 2\n", "line 2"), ("a: 'x\n\n\n", "line")]
        {
            let error = Node::read(yaml).unwrap_err().to_string();
            println!("{error}");
            assert!(error.contains(line), "{error}");
        }
    }
}
