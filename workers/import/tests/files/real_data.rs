//! Real files of real runners, where they are at hand: `TRAINER_TEST_DATA` names their folder.

use std::fs::{self, File};
use std::path::PathBuf;

use chrono::{Datelike, NaiveDate, Weekday};
use domain::OwnerId;
use domain::plan::WorkoutType;
use domain::run::RecordRun;
use import::ImportSummary;
use import::plan::{Anchor, PlanImport, PlanOptions, Unit};
use import::runs::{Row, RunOptions};
use uuid::Uuid;

#[test]
fn twelve_years_of_runs_are_all_read() {
    let Some((runs, summary)) = runs("runs/runs-2012-2024.json") else { return };

    assert_eq!((runs.len(), summary.skipped()), (3_076, 13));
    assert_eq!(
        summary.skipped_by_reason,
        [("Walk".to_owned(), 5), ("Workout".to_owned(), 8)].into()
    );
    assert_eq!(summary.bad, vec![]);
    // The list with its walks and workouts is 11,741.5 km long, its runs are 11,714.5 km of that.
    assert!((11_714.0..11_715.0).contains(&km(&runs)), "{} km", km(&runs));
    assert_eq!(runs.iter().filter(|run| run.details.started_at.is_none()).count(), 0);
    let days: Vec<_> = runs.iter().map(|run| run.details.actual_date).collect();
    assert_eq!(
        (days.iter().min(), days.iter().max()),
        (Some(&date("2012-10-26")), Some(&date("2024-12-05")))
    );
    // Three pairs have the same time and are different activities.
    let ids: std::collections::BTreeSet<_> = runs.iter().map(|run| run.run_id).collect();
    assert_eq!(ids.len(), 3_076);
}

#[test]
fn runs_with_elevation_are_read_but_for_two_that_cannot_be() {
    let Some((runs, summary)) = runs("runs/runs-with-elevation-2019-2026.json") else { return };

    assert_eq!((runs.len(), summary.skipped()), (487, 114));
    let bad: Vec<_> = summary
        .bad
        .iter()
        .map(|(place, reason)| (place.line, place.entry, reason.as_str()))
        .collect();
    assert_eq!(
        bad,
        [
            (198, 197, "the distance is zero"),
            (363, 362, "20144 m in 86035 s are 71:11/km, not between 2:00/km and 60:00/km"),
        ]
    );
    assert_eq!(runs.iter().filter(|run| run.details.average_heart_rate.is_some()).count(), 411);
    let climbed = runs
        .iter()
        .filter(|run| run.details.elevation_gain_m.is_some_and(|gain| gain.metres() > 0));
    assert!(climbed.count() >= 320);
}

#[test]
fn a_bulk_export_is_read_but_for_two_runs_without_a_distance() {
    let Some((runs, summary)) = runs("runs/strava-bulk-export-activities.csv") else { return };

    assert_eq!((runs.len(), summary.bad.len(), summary.skipped()), (87, 2, 23));
    assert!(summary.bad.iter().all(|(_, reason)| reason == "the distance is zero"), "{summary}");
    assert!((408.0..409.0).contains(&km(&runs)), "{} km", km(&runs));
    assert_eq!(runs.iter().filter(|run| run.details.perceived_effort.is_some()).count(), 10);
    assert_eq!(runs.iter().filter(|run| run.details.max_heart_rate.is_some()).count(), 12);
    let first = runs
        .iter()
        .find(|run| run.external_id.as_deref() == Some("4829010993"))
        .expect("the first run");
    assert_eq!(
        (first.details.distance_m.metres(), first.details.duration_s.seconds()),
        (2_832, 901)
    );
}

#[test]
fn the_beginners_plan_keeps_its_words() {
    let Some(plan) = plan("plans/c25k.yaml", Unit::Km) else { return };

    assert_eq!((plan.workouts.len(), plan.notes.len()), (56, 0), "{:?}", plan.notes);
    assert_eq!(plan.create.details.goal_race_distance_m.map(|m| m.metres()), Some(5_000));
    assert_eq!(
        plan.workouts[1].content.name.as_str(),
        "Run 30 seconds, walk 30 seconds. Repeat 15 times"
    );
    assert_eq!(plan.workouts[3].content.duration_minutes.map(|m| m.minutes()), Some(10));
    assert!(plan.workouts.iter().all(|workout| workout.content.distance_m.is_none()));
    ends_in_the_race(&plan);
}

#[test]
fn the_half_marathon_plan_is_shown_in_both_units() {
    let Some(plan) = plan("plans/higdon_nov_half1.yaml", Unit::Km) else { return };
    assert_eq!(plan.workouts.len(), 84);
    assert_eq!(plan.create.details.goal_race_distance_m.map(|m| m.metres()), Some(21_098));
    assert_eq!(plan.workouts[1].content.name.as_str(), "4.8 km run");
    assert_eq!(plan.workouts[83].content.name.as_str(), "Half Marathon (21.1 km)");
    assert_eq!(types(&plan, WorkoutType::Race), 3, "two tune-ups and the race");
    ends_in_the_race(&plan);

    let plan = self::plan("plans/higdon_nov_half1.yaml", Unit::Mi).expect("it was just there");
    assert_eq!(plan.workouts[1].content.name.as_str(), "3 mi run");
    assert_eq!(plan.workouts[83].content.name.as_str(), "Half Marathon (13.1 mi)");
}

#[test]
fn the_marathon_plan_has_its_long_runs_on_sundays() {
    let Some(plan) = plan("plans/higdon_int_mara1.yaml", Unit::Km) else { return };

    assert_eq!((plan.workouts.len(), types(&plan, WorkoutType::LongRun)), (126, 16));
    for workout in &plan.workouts {
        if workout.content.workout_type == WorkoutType::LongRun {
            assert_eq!(workout.scheduled_date.map(|day| day.weekday()), Some(Weekday::Sun));
        }
    }
    // Its kilometres for six miles are wrong, seven times.
    assert_eq!(plan.notes.len(), 7, "{:?}", plan.notes);
    ends_in_the_race(&plan);
}

#[test]
fn the_plan_without_a_race_ends_the_day_before_it() {
    let Some(plan) = plan("plans/boston_level_one.yaml", Unit::Mi) else { return };

    assert_eq!(plan.workouts.len(), 140);
    assert_eq!(types(&plan, WorkoutType::Race), 0);
    assert_eq!(plan.create.details.goal_race_date, Some(race_day()));
    assert_eq!(plan.workouts[139].scheduled_date, race_day().pred_opt());
    assert!(
        plan.workouts.iter().all(|workout| !workout
            .content
            .name
            .as_str()
            .contains(['{', '}', '\n']))
    );
    // No race in it, and three distances that lost a digit.
    assert_eq!(plan.notes.len(), 4, "{:?}", plan.notes);
}

#[test]
fn other_yaml_is_refused() {
    for file in
        ["plans/structured/half_8w_1h40.yaml", "plans/structured/garmin_connect_workout.yaml"]
    {
        let Some(path) = path(file) else { return };
        let yaml = fs::read_to_string(path).expect("a readable file");
        let refusal =
            import::plan::read(&yaml, options(Unit::Km)).expect_err("not a plan of this form");
        assert_eq!(refusal.to_string(), "`id` is missing", "{file}");
    }
}

/// Where a file is; says so where there is none.
fn path(file: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("TRAINER_TEST_DATA") else {
        eprintln!("SKIPPED {file}: TRAINER_TEST_DATA is not set");
        return None;
    };
    Some(PathBuf::from(folder).join(file))
}

fn runs(file: &str) -> Option<(Vec<RecordRun>, ImportSummary)> {
    let file = File::open(path(file)?).expect("a readable file");
    let options =
        RunOptions { owner: OwnerId(Uuid::from_u128(1)), today: date("2026-11-01"), offset: None };
    let (mut runs, mut summary) = (vec![], ImportSummary::default());
    for row in import::runs::read(file, options).expect("a known form") {
        match row {
            Row::Run { command, .. } => runs.push(*command),
            Row::Skipped { reason, .. } => summary.skip(reason),
            Row::Bad { place, reason } => summary.refuse(place, reason),
        }
    }
    Some((runs, summary))
}

fn km(runs: &[RecordRun]) -> f64 {
    runs.iter().map(|run| run.details.distance_m.km()).sum()
}

fn plan(file: &str, unit: Unit) -> Option<PlanImport> {
    let yaml = fs::read_to_string(path(file)?).expect("a readable file");
    Some(import::plan::read(&yaml, options(unit)).unwrap_or_else(|error| panic!("{file}: {error}")))
}

/// A Sunday.
fn race_day() -> NaiveDate {
    date("2026-04-26")
}

fn options(unit: Unit) -> PlanOptions {
    PlanOptions { owner: OwnerId(Uuid::from_u128(1)), anchor: Anchor::Race(race_day()), unit }
}

fn types(plan: &PlanImport, wanted: WorkoutType) -> usize {
    plan.workouts.iter().filter(|workout| workout.content.workout_type == wanted).count()
}

fn ends_in_the_race(plan: &PlanImport) {
    let details = &plan.create.details;
    assert_eq!((details.goal_race_date, details.end_date), (Some(race_day()), race_day()));
    assert_eq!(details.duration_days() as usize, plan.workouts.len());
    let last = plan.workouts.last().expect("a last day");
    assert_eq!(
        (last.scheduled_date, last.content.workout_type),
        (Some(race_day()), WorkoutType::Race)
    );
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
