use chrono::{DateTime, FixedOffset, SubsecRound, Utc};

/// Metres as kilometres, three decimals at most.
#[must_use]
pub fn kilometres(metres: i64) -> f64 {
    metres as f64 / 1000.0
}

/// Seconds as minutes, two decimals at most.
#[must_use]
pub fn minutes(seconds: i64) -> f64 {
    (seconds as f64 / 60.0 * 100.0).round() / 100.0
}

/// An instant to the microsecond: what Postgres keeps of it.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// When a run began, on the runner's own clock, from what is stored of it.
///
/// A beginning without an offset is told in UTC.
#[must_use]
pub fn started_at(at: DateTime<Utc>, offset_s: Option<i32>) -> DateTime<FixedOffset> {
    let at = instant(at);
    offset_s
        .and_then(FixedOffset::east_opt)
        .map_or_else(|| at.fixed_offset(), |offset| at.with_timezone(&offset))
}
