//! How a run is corrected, as given / when / then.

use chrono::{DateTime, FixedOffset, NaiveDate};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::run::{
    CorrectRun, Run, RunCommand, RunCorrected, RunDetails, RunError, RunEvent, RunRecorded,
    RunRevision, Source,
};
use domain::{Distance, Elevation, Heartbeat, OwnerId, PerceivedEffort, RunId, Seconds, Text};
use uuid::Uuid;

#[test]
fn a_correction_tells_the_whole_run() {
    let is = everything();
    let revision = RunRevision {
        actual_date: Some(is.actual_date),
        started_at: Some(is.started_at),
        distance_m: Some(is.distance_m),
        duration_s: Some(is.duration_s),
        average_heart_rate: Some(is.average_heart_rate),
        max_heart_rate: Some(is.max_heart_rate),
        elevation_gain_m: Some(is.elevation_gain_m),
        perceived_effort: Some(is.perceived_effort),
        is_race: Some(is.is_race),
        notes: Some(is.notes.clone()),
    };

    given(vec![recorded(details())])
        .when(correct(revision))
        .then_expect_events(vec![corrected(is)]);
}

#[test]
fn a_correction_of_one_field_keeps_the_others() {
    let longer = RunRevision { distance_m: Some(km(10.5)), ..RunRevision::default() };

    given(vec![recorded(everything())])
        .when(correct(longer))
        .then_expect_events(vec![corrected(RunDetails { distance_m: km(10.5), ..everything() })]);
}

#[test]
fn what_a_run_says_can_be_cleared() {
    let cleared = RunRevision {
        started_at: Some(None),
        average_heart_rate: Some(None),
        max_heart_rate: Some(None),
        elevation_gain_m: Some(None),
        perceived_effort: Some(None),
        is_race: Some(false),
        notes: Some(None),
        ..RunRevision::default()
    };
    let bare = RunDetails { actual_date: everything().actual_date, ..details() };

    given(vec![recorded(everything())])
        .when(correct(cleared))
        .then_expect_events(vec![corrected(bare)]);
}

#[test]
fn a_correction_that_changes_nothing_stores_nothing() {
    let same = RunRevision {
        actual_date: Some(everything().actual_date),
        distance_m: Some(everything().distance_m),
        notes: Some(everything().notes),
        ..RunRevision::default()
    };

    for revision in [same, RunRevision::default()] {
        given(vec![recorded(everything())]).when(correct(revision)).then_expect_events(vec![]);
    }
}

#[test]
fn a_new_beginning_sets_the_day() {
    let started_at = Some(at("2026-05-10T23:30:00-05:00"));
    let later = RunRevision { started_at: Some(started_at), ..RunRevision::default() };

    given(vec![recorded(details())]).when(correct(later)).then_expect_events(vec![corrected(
        RunDetails { actual_date: date(2026, 5, 10), started_at, ..details() },
    )]);
}

#[test]
fn a_new_day_drops_a_beginning_on_another_day() {
    let moved = RunRevision { actual_date: Some(date(2026, 5, 1)), ..RunRevision::default() };
    let is = RunDetails { actual_date: date(2026, 5, 1), started_at: None, ..everything() };

    given(vec![recorded(everything())])
        .when(correct(moved))
        .then_expect_events(vec![corrected(is)]);
}

#[test]
fn a_new_day_and_a_new_beginning_agree() {
    let started_at = Some(Some(at("2026-05-10T06:30:00+02:00")));
    let torn =
        RunRevision { actual_date: Some(date(2026, 5, 1)), started_at, ..RunRevision::default() };

    let result = given(vec![recorded(details())]).when(correct(torn)).inspect_result();
    assert_eq!(wrong_fields(result), [("actual_date".to_owned(), "other_day")]);
}

#[test]
fn a_correction_keeps_the_rules_of_recording() {
    let cases = [
        (
            RunRevision { actual_date: Some(date(2026, 5, 17)), ..RunRevision::default() },
            "in_the_future",
        ),
        (
            RunRevision { duration_s: Some(seconds(1_199)), ..RunRevision::default() },
            "implausible_pace",
        ),
        (RunRevision { distance_m: Some(km(0.01)), ..RunRevision::default() }, "implausible_pace"),
        (RunRevision { max_heart_rate: Some(bpm(100)), ..RunRevision::default() }, "above_maximum"),
    ];
    let run = RunDetails { average_heart_rate: bpm(150), ..details() };
    for (revision, code) in cases {
        let result = given(vec![recorded(run.clone())]).when(correct(revision)).inspect_result();
        assert_eq!(
            wrong_fields(result).into_iter().map(|(_, code)| code).collect::<Vec<_>>(),
            [code]
        );
    }
}

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
