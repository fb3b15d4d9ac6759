use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

/// A row that two sets of tables do not agree on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// The columns that tell its rows apart.
    pub key: Value,
    /// The row that is there, with the columns that differ; `None` when there is none.
    pub found: Option<Value>,
    /// The row it was compared with, likewise.
    pub compared: Option<Value>,
}

/// What a comparison of tables has found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Differences {
    /// How many rows were compared, by table.
    pub rows: BTreeMap<&'static str, u64>,
    /// How many differ, by table.
    pub differing: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub first: Vec<Difference>,
    #[serde(skip)]
    limit: usize,
}

impl Differences {
    /// None yet; keeps this many as examples.
    pub(crate) fn up_to(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Whether everything is equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.differing.is_empty()
    }

    /// How many rows differ.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.differing.values().sum()
    }

    pub(crate) fn compared(&mut self, table: &'static str, rows: u64) {
        *self.rows.entry(table).or_default() += rows;
    }

    /// Takes note of two rows with the same key that differ, or of one that has no other.
    pub(crate) fn add(
        &mut self,
        table: &'static str,
        key: &[&str],
        found: Option<Value>,
        compared: Option<Value>,
    ) {
        *self.differing.entry(table).or_default() += 1;
        if self.first.len() < self.limit {
            self.first.push(Difference::of(table, key, found, compared));
        }
    }
}

impl Difference {
    fn of(
        table: &'static str,
        key: &[&str],
        mut found: Option<Value>,
        mut compared: Option<Value>,
    ) -> Self {
        let row = found.as_ref().or(compared.as_ref());
        let column =
            |name: &&str| Some(((*name).to_owned(), row.and_then(|row| row.get(*name)).cloned()?));
        let key: Map<String, Value> = key.iter().filter_map(column).collect();
        if let (Some(Value::Object(found)), Some(Value::Object(compared))) =
            (&mut found, &mut compared)
        {
            let equal: Vec<String> = found
                .iter()
                .filter(|(name, value)| compared.get(*name) == Some(value))
                .map(|(name, _)| name.clone())
                .collect();
            for name in equal {
                found.remove(&name);
                compared.remove(&name);
            }
        }
        Self { table, key: Value::Object(key), found, compared }
    }
}
