//! What a run allows, as given / when / then.

use cqrs_es::test::TestFramework;
use domain::run::{
    DeleteRun, Match, MatchRun, RecordRun, Run, RunCommand, RunDeleted, RunDetails, RunError,
    RunEvent, RunMatched, RunRevision, Source, UnmatchRun,
};
use domain::{Decider, Elevation, Heartbeat, PerceivedEffort, PlanId, WorkoutId};
use uuid::Uuid;

use super::{
    OWNER, RUN, at, bpm, correct, corrected, date, details, everything, given, km, recorded,
    seconds, today, wrong_fields,
};

#[test]
fn a_run_is_recorded_as_it_was() {
    TestFramework::<Run>::with(())
        .given_no_previous_events()
        .when(record(everything()))
        .then_expect_events(vec![recorded(everything())]);
}

#[test]
fn an_external_id_is_as_long_as_a_name_and_has_what_can_be_stored() {
    for (external_id, code) in
        [("", "empty"), ("a\0b", "invalid_character"), (&*"1".repeat(256), "too_long")]
    {
        let RunCommand::Record(command) = record(details()) else { unreachable!() };
        let refused = Run::default()
            .decide(RunCommand::Record(RecordRun {
                external_id: Some(external_id.to_owned()),
                ..command
            }))
            .expect_err("it cannot be kept");
        let RunError::Invalid(violations) = refused else { panic!("{refused:?}") };
        let said: Vec<_> = violations.iter().map(|v| (v.field.as_str(), v.code)).collect();
        assert_eq!(said, [("external_id", code)]);
    }
}

#[test]
fn a_run_is_recorded_once() {
    given(vec![recorded(details())])
        .when(record(details()))
        .then_expect_error(RunError::AlreadyRecorded);
}

#[test]
fn a_deleted_run_is_not_recorded_again() {
    given(vec![recorded(details()), deleted()])
        .when(record(details()))
        .then_expect_error(RunError::AlreadyRecorded);
}

#[test]
fn a_run_may_lie_a_day_ahead_but_not_two() {
    accepts(RunDetails { actual_date: date(2026, 5, 16), ..details() });

    refuses(
        RunDetails { actual_date: date(2026, 5, 17), ..details() },
        &[("actual_date", "in_the_future")],
    );
}

#[test]
fn a_future_beginning_is_named_as_such() {
    let started_at = Some(at("2026-05-17T06:30:00+12:00"));

    let ahead = RunDetails { actual_date: date(2026, 5, 17), started_at, ..details() };
    refuses(ahead, &[("started_at", "in_the_future")]);
}

#[test]
fn a_run_lies_on_the_day_it_began_where_the_runner_was() {
    // Half past eleven in the evening there, the next day in UTC.
    let started_at = Some(at("2026-05-14T23:30:00-05:00"));

    accepts(RunDetails { actual_date: date(2026, 5, 14), started_at, ..details() });
    refuses(
        RunDetails { actual_date: date(2026, 5, 15), started_at, ..details() },
        &[("actual_date", "other_day")],
    );
}

#[test]
fn an_average_pace_lies_between_2_and_60_minutes_per_kilometre() {
    // 10 km in exactly 20 minutes and in exactly 10 hours, and a second beyond each.
    accepts(RunDetails { duration_s: seconds(1_200), ..details() });
    accepts(RunDetails { duration_s: seconds(36_000), ..details() });

    for duration_s in [seconds(1_199), seconds(36_001)] {
        refuses(
            RunDetails { duration_s, ..details() },
            &[("duration_seconds", "implausible_pace")],
        );
    }
}

#[test]
fn a_pace_is_judged_to_the_metre() {
    accepts(RunDetails { distance_m: km(1.0), duration_s: seconds(120), ..details() });
    refuses(
        RunDetails { distance_m: km(1.001), duration_s: seconds(120), ..details() },
        &[("duration_seconds", "implausible_pace")],
    );
    accepts(RunDetails { distance_m: km(0.01), duration_s: seconds(36), ..details() });
    accepts(RunDetails { distance_m: km(1000.0), duration_s: seconds(604_800), ..details() });
}

#[test]
fn an_average_heart_rate_is_not_above_the_maximum() {
    for (average, max) in [(150, 151), (150, 150)] {
        let details =
            RunDetails { average_heart_rate: bpm(average), max_heart_rate: bpm(max), ..details() };
        accepts(details);
    }
    let details =
        RunDetails { average_heart_rate: bpm(151), max_heart_rate: bpm(150), ..details() };
    refuses(details, &[("average_heart_rate", "above_maximum")]);
}

#[test]
fn one_heart_rate_without_the_other_is_fine() {
    accepts(RunDetails { average_heart_rate: bpm(260), ..details() });
    accepts(RunDetails { max_heart_rate: bpm(20), ..details() });
}

#[test]
fn a_refusal_names_every_wrong_field() {
    let details = RunDetails {
        actual_date: date(2030, 1, 1),
        duration_s: seconds(1),
        average_heart_rate: bpm(200),
        max_heart_rate: bpm(100),
        ..details()
    };

    refuses(
        details,
        &[
            ("actual_date", "in_the_future"),
            ("duration_seconds", "implausible_pace"),
            ("average_heart_rate", "above_maximum"),
        ],
    );
}

#[test]
fn heart_rate_effort_and_climb_have_bounds() {
    assert!(Heartbeat::from_bpm(20).is_ok() && Heartbeat::from_bpm(260).is_ok());
    assert!(Heartbeat::from_bpm(19).is_err() && Heartbeat::from_bpm(261).is_err());
    assert!(PerceivedEffort::from_level(1).is_ok() && PerceivedEffort::from_level(10).is_ok());
    assert!(PerceivedEffort::from_level(0).is_err() && PerceivedEffort::from_level(11).is_err());
    assert!(Elevation::from_metres(0.0).is_ok() && Elevation::from_metres(20_000.0).is_ok());
    assert!(Elevation::from_metres(f64::NAN).is_err() && Elevation::from_metres(20_001.0).is_err());
}

#[test]
fn a_run_fulfils_one_workout() {
    given(vec![recorded(details())])
        .when(match_with(TEMPO))
        .then_expect_events(vec![matched(TEMPO)]);
    given(vec![recorded(details()), matched(TEMPO)])
        .when(match_with(TEMPO))
        .then_expect_events(vec![]);
    given(vec![recorded(details()), matched(TEMPO)])
        .when(match_with(LONG_RUN))
        .then_expect_error(RunError::MatchedWith { workout_id: TEMPO });
}

#[test]
fn a_run_is_unmatched_and_free_again() {
    given(vec![recorded(details()), matched(TEMPO)])
        .when(RunCommand::Unmatch(UnmatchRun))
        .then_expect_events(vec![unmatched(TEMPO)]);
    given(vec![recorded(details()), matched(TEMPO), unmatched(TEMPO)])
        .when(match_with(LONG_RUN))
        .then_expect_events(vec![matched(LONG_RUN)]);
}

#[test]
fn a_run_without_a_workout_is_not_unmatched() {
    for events in
        [vec![recorded(details())], vec![recorded(details()), matched(TEMPO), unmatched(TEMPO)]]
    {
        given(events).when(RunCommand::Unmatch(UnmatchRun)).then_expect_error(RunError::NotMatched);
    }
}

#[test]
fn a_correction_keeps_the_match() {
    let events = vec![recorded(details()), matched(TEMPO), corrected(everything())];

    given(events).when(match_with(TEMPO)).then_expect_events(vec![]);
}

#[test]
fn a_run_is_deleted_matched_or_not() {
    for events in [vec![recorded(details())], vec![recorded(details()), matched(TEMPO)]] {
        given(events).when(RunCommand::Delete(DeleteRun)).then_expect_events(vec![deleted()]);
    }
}

#[test]
fn a_run_that_is_not_there_refuses_everything() {
    let commands = [
        correct(RunRevision::default()),
        match_with(TEMPO),
        RunCommand::Unmatch(UnmatchRun),
        RunCommand::Delete(DeleteRun),
    ];
    for events in [vec![], vec![recorded(details()), matched(TEMPO), deleted()]] {
        for command in commands.clone() {
            given(events.clone()).when(command).then_expect_error(RunError::NotFound);
        }
    }
}

#[test]
fn a_source_is_read_from_its_own_word_only() {
    for source in Source::ALL {
        assert_eq!(source.as_str().parse(), Ok(source));
    }
    assert!("Strava".parse::<Source>().is_err() && "garmin".parse::<Source>().is_err());
}

const PLAN: PlanId = PlanId(Uuid::from_u128(3));
const TEMPO: WorkoutId = WorkoutId(Uuid::from_u128(4));
const LONG_RUN: WorkoutId = WorkoutId(Uuid::from_u128(5));

fn accepts(details: RunDetails) {
    given(vec![]).when(record(details.clone())).then_expect_events(vec![recorded(details)]);
}

fn refuses(details: RunDetails, fields: &[(&str, &'static str)]) {
    let expected: Vec<_> =
        fields.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect();
    assert_eq!(wrong_fields(given(vec![]).when(record(details)).inspect_result()), expected);
}

fn record(details: RunDetails) -> RunCommand {
    RunCommand::Record(RecordRun {
        run_id: RUN,
        owner_id: OWNER,
        source: Source::File,
        external_id: Some("4711".to_owned()),
        details,
        today: today(),
        duration_field: "duration_seconds",
    })
}

fn match_with(workout_id: WorkoutId) -> RunCommand {
    RunCommand::Match(MatchRun { with: Match { plan_id: PLAN, workout_id } })
}

fn matched(workout_id: WorkoutId) -> RunEvent {
    RunEvent::Matched(RunMatched { run_id: RUN, plan_id: PLAN, workout_id })
}

fn unmatched(workout_id: WorkoutId) -> RunEvent {
    RunEvent::Unmatched(RunMatched { run_id: RUN, plan_id: PLAN, workout_id })
}

fn deleted() -> RunEvent {
    RunEvent::Deleted(RunDeleted { run_id: RUN })
}
