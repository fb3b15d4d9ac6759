//! The ids of imported things follow from what they are, so nothing is ever imported twice.

use domain::{OwnerId, PlanId, RunId, WorkoutId};
use uuid::Uuid;

const OWNER: OwnerId = OwnerId(Uuid::from_u128(1));
const OTHER: OwnerId = OwnerId(Uuid::from_u128(2));

#[test]
fn an_imported_id_never_changes() {
    // Stored for ever: another derivation would import everything a second time.
    let plan = PlanId::imported(OWNER, "calendar-hack", "c25k@2026-03-02");

    assert_eq!(
        RunId::imported(OWNER, "strava", "4711").to_string(),
        "8441e60b-29ba-56b2-8cf2-4b5a2a0e8e95"
    );
    assert_eq!(plan.to_string(), "c926fa2e-ffbc-53dd-9c26-bf39e648e2db");
    assert_eq!(WorkoutId::imported(plan, 0).to_string(), "e5f4b115-2cfc-527c-9abe-7fffa5cfb75d");
}

#[test]
fn the_same_activity_of_the_same_runner_is_the_same_run() {
    assert_eq!(RunId::imported(OWNER, "strava", "4711"), RunId::imported(OWNER, "strava", "4711"));
}

#[test]
fn another_runner_source_or_activity_is_another_run() {
    let run = RunId::imported(OWNER, "strava", "4711");

    for other in [
        RunId::imported(OTHER, "strava", "4711"),
        RunId::imported(OWNER, "garmin", "4711"),
        RunId::imported(OWNER, "strava", "4712"),
    ] {
        assert_ne!(run, other);
    }
}

#[test]
fn no_two_lists_of_parts_run_together() {
    assert_ne!(RunId::imported(OWNER, "ab", "c"), RunId::imported(OWNER, "a", "bc"));
    assert_ne!(RunId::imported(OWNER, "strava", "1").0, PlanId::imported(OWNER, "strava", "1").0);
}

#[test]
fn the_workouts_of_a_plan_differ_by_their_index() {
    let (plan, other) = (PlanId::imported(OWNER, "a", "1"), PlanId::imported(OWNER, "a", "2"));

    assert_ne!(WorkoutId::imported(plan, 0), WorkoutId::imported(plan, 1));
    assert_ne!(WorkoutId::imported(plan, 0), WorkoutId::imported(other, 0));
    assert_ne!(WorkoutId::imported(plan, 1), WorkoutId::imported(plan, 10));
}

#[test]
fn an_id_is_read_as_a_uuid() {
    let run = RunId::imported(OWNER, "strava", "4711");

    assert_eq!(run.to_string().parse(), Ok(run));
    assert!("4711".parse::<RunId>().is_err());
}
