//! Runs, and the words that their stories are told in.

mod correction;
mod recording;

use chrono::{DateTime, FixedOffset, NaiveDate};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::run::{
    CorrectRun, Run, RunCommand, RunCorrected, RunDetails, RunError, RunEvent, RunRecorded,
    RunRevision, Source,
};
use domain::{Distance, Elevation, Heartbeat, OwnerId, PerceivedEffort, RunId, Seconds, Text};
use uuid::Uuid;

const RUN: RunId = RunId(Uuid::from_u128(1));
const OWNER: OwnerId = OwnerId(Uuid::from_u128(2));

fn given(events: Vec<RunEvent>) -> AggregateTestExecutor<Run> {
    TestFramework::<Run>::with(()).given(events)
}

fn today() -> NaiveDate {
    date(2026, 5, 15)
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a real date")
}

fn at(instant: &str) -> DateTime<FixedOffset> {
    instant.parse().expect("an instant")
}

fn km(km: f64) -> Distance {
    Distance::from_km(km).expect("a distance")
}

fn seconds(seconds: i64) -> Seconds {
    Seconds::from_seconds(seconds).expect("a duration")
}

fn bpm(bpm: i64) -> Option<Heartbeat> {
    Some(Heartbeat::from_bpm(bpm).expect("a heart rate"))
}

/// 10 km in 50 minutes, today, and nothing else known.
fn details() -> RunDetails {
    RunDetails {
        actual_date: today(),
        started_at: None,
        distance_m: km(10.0),
        duration_s: seconds(3_000),
        average_heart_rate: None,
        max_heart_rate: None,
        elevation_gain_m: None,
        perceived_effort: None,
        is_race: false,
        notes: None,
    }
}

/// The same distance and time, with something said in every field.
fn everything() -> RunDetails {
    RunDetails {
        actual_date: date(2026, 5, 14),
        started_at: Some(at("2026-05-14T06:30:00+02:00")),
        average_heart_rate: bpm(151),
        max_heart_rate: bpm(176),
        elevation_gain_m: Elevation::from_metres(84.0).ok(),
        perceived_effort: PerceivedEffort::from_level(7).ok(),
        is_race: true,
        notes: Text::parse("Windy").ok(),
        ..details()
    }
}

fn correct(revision: RunRevision) -> RunCommand {
    RunCommand::Correct(CorrectRun { revision, today: today(), duration_field: "duration_seconds" })
}

fn recorded(run: RunDetails) -> RunEvent {
    RunEvent::Recorded(RunRecorded {
        run_id: RUN,
        owner_id: OWNER,
        source: Source::File,
        external_id: Some("4711".to_owned()),
        run,
    })
}

fn corrected(run: RunDetails) -> RunEvent {
    RunEvent::Corrected(RunCorrected { run_id: RUN, run })
}

/// The fields a refusal names, with the codes of what is wrong.
fn wrong_fields(result: Result<Vec<RunEvent>, RunError>) -> Vec<(String, &'static str)> {
    match result {
        Err(RunError::Invalid(violations)) => {
            violations.into_iter().map(|v| (v.field, v.code)).collect()
        }
        other => panic!("expected a refusal of fields, got {other:?}"),
    }
}
