use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::{Map, Value};

use super::machine::Machine;

/// What a benchmark found, and where.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) bench: &'static str,
    /// One object a line of the table, the same keys in each.
    pub(super) rows: Vec<Map<String, Value>>,
    /// How it was run.
    pub(super) settings: Map<String, Value>,
    pub(super) machine: Machine,
}

impl Report {
    #[expect(clippy::print_stdout, reason = "the report is what the command is for")]
    pub(super) fn print_json(&self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }

    #[expect(clippy::print_stdout, reason = "the report is what the command is for")]
    pub(super) fn print_table(&self) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        if let Some(row) = self.rows.first() {
            table.set_header(row.keys().map(|key| key.replace('_', " ")));
        }
        for row in &self.rows {
            table.add_row(row.values().map(shown));
        }
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        println!("{table}");
        for (name, value) in self.settings.iter().chain(&self.machine.facts()) {
            println!("{}: {}", name.replace('_', " "), shown(value));
        }
        Ok(())
    }
}

/// Numbers with two decimals at most, and thousands set apart.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(value) if value.abs() >= 1_000.0 => thousands(value.round() as i64),
            Some(value) if value.fract() != 0.0 => format!("{value:.2}"),
            Some(_) | None => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digit != '-' && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Builds one row of a report.
macro_rules! row {
    ($($key:literal: $value:expr),+ $(,)?) => {{
        let mut row = serde_json::Map::new();
        $(row.insert($key.to_owned(), serde_json::json!($value));)+
        row
    }};
}

pub(super) use row;
