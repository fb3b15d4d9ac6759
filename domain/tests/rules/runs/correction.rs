//! How a run is corrected, as given / when / then.

use domain::run::{RunDetails, RunRevision};

use super::{
    at, bpm, correct, corrected, date, details, everything, given, km, recorded, seconds,
    wrong_fields,
};

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
