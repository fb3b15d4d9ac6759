use chrono::{Days, NaiveDate};
use domain::run::{RecordRun, RunDetails, Source};
use domain::{Distance, Elevation, Heartbeat, OwnerId, RunId, Seconds, Text, Violation};
use uuid::Uuid;

/// A plausible run, different for each number.
pub(super) fn run(owner_id: OwnerId, number: u64) -> Result<RecordRun, Violation> {
    let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
    let metres = 4_000 + number * 37 % 12_000;
    let details = RunDetails {
        actual_date: today - Days::new(number % 3_650),
        started_at: None,
        distance_m: Distance::from_km(metres as f64 / 1000.0)?,
        duration_s: Seconds::from_seconds((metres as i64) * (270 + (number % 90) as i64) / 1000)?,
        average_heart_rate: Some(Heartbeat::from_bpm(130 + (number % 40) as i64)?),
        max_heart_rate: Some(Heartbeat::from_bpm(172)?),
        elevation_gain_m: Some(Elevation::from_metres((number % 300) as f64)?),
        perceived_effort: None,
        is_race: false,
        notes: Some(Text::parse("along the river and back")?),
    };
    Ok(RecordRun {
        run_id: RunId(Uuid::now_v7()),
        owner_id,
        source: Source::Manual,
        external_id: None,
        details,
        today,
        duration_field: "duration_seconds",
    })
}
