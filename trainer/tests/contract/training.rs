//! Plans, workouts and runs as clients send them.

use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};

/// A plan of sixteen weeks from a Monday on, with nothing in it that could be left out.
pub(crate) fn plan() -> Value {
    json!({ "name": "Autumn marathon", "start_date": "2025-03-03", "end_date": "2025-06-22" })
}

/// A workout in the first week of such a plan.
pub(crate) fn workout(plan: &Value) -> Value {
    json!({ "plan_id": plan["id"], "name": "Tempo", "workout_type": "tempo", "scheduled_date": "2025-03-05" })
}

/// A run at 5:00/km.
pub(crate) fn run() -> Value {
    json!({ "actual_date": "2025-03-05", "distance_km": 10, "duration_minutes": 50 })
}

/// `base` with the fields of `changes` in it.
pub(crate) fn with(mut base: Value, changes: Value) -> Value {
    for (field, value) in changes.as_object().unwrap() {
        base[field] = value.clone();
    }
    base
}

/// `base` without a field.
pub(crate) fn without(mut base: Value, field: &str) -> Value {
    base.as_object_mut().unwrap().remove(field);
    base
}

/// The date in UTC.
pub(crate) fn today() -> NaiveDate {
    Utc::now().date_naive()
}

/// The day that lies so many days from today.
pub(crate) fn in_days(days: i64) -> String {
    let distance = Days::new(days.unsigned_abs());
    let day = if days < 0 { today() - distance } else { today() + distance };
    day.to_string()
}

/// The ids of things, in their order.
pub(crate) fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// One field of things, in their order.
pub(crate) fn each<'a>(items: &'a [Value], field: &str) -> Vec<&'a Value> {
    items.iter().map(|item| &item[field]).collect()
}
