//! What a plan allows its workouts, as given / when / then.

use chrono::{Days, NaiveDate};
use domain::plan::{
    PlanCommand, PlanError, ScheduleWorkouts, WorkoutContent, WorkoutFields, WorkoutRevision,
    WorkoutType,
};
use domain::{PaceRange, SecondsPerKm, WorkoutId};
use uuid::Uuid;

use super::{
    STRENGTH, TEMPO, changed, content, created, day_after, everything, first, given, last, move_to,
    moved, removed, revise, schedule, scheduled, workout, wrong_fields,
};

#[test]
fn a_workout_is_scheduled_on_any_day_of_the_plan_or_on_none() {
    for scheduled_date in [Some(first()), Some(last()), None] {
        given(vec![created()])
            .when(schedule(vec![workout(TEMPO, scheduled_date)]))
            .then_expect_events(vec![scheduled(TEMPO, scheduled_date)]);
    }
}

#[test]
fn a_workout_does_not_lie_outside_its_plan() {
    for day in [day_before(first()), day_after(last())] {
        let result =
            given(vec![created()]).when(schedule(vec![workout(TEMPO, Some(day))])).inspect_result();
        assert_eq!(wrong_fields(result), named(&["scheduled_date"]));
    }
}

#[test]
fn a_day_holds_several_workouts() {
    given(vec![created(), scheduled(TEMPO, Some(first()))])
        .when(schedule(vec![workout(STRENGTH, Some(first()))]))
        .then_expect_events(vec![scheduled(STRENGTH, Some(first()))]);
}

#[test]
fn workouts_are_scheduled_together_in_the_order_given() {
    given(vec![created()])
        .when(schedule(vec![workout(STRENGTH, Some(last())), workout(TEMPO, Some(first()))]))
        .then_expect_events(vec![
            scheduled(STRENGTH, Some(last())),
            scheduled(TEMPO, Some(first())),
        ]);
}

#[test]
fn workouts_are_scheduled_all_or_none_and_each_wrong_one_is_named() {
    let workouts = vec![
        workout(id(10), Some(first())),
        workout(id(11), Some(day_before(first()))),
        workout(id(12), None),
        workout(id(13), Some(day_after(last()))),
    ];
    let command = ScheduleWorkouts { workouts, fields: WorkoutFields::List };

    let result =
        given(vec![created()]).when(PlanCommand::ScheduleWorkouts(command)).inspect_result();
    assert_eq!(
        wrong_fields(result),
        named(&["workouts[1].scheduled_date", "workouts[3].scheduled_date"])
    );
}

#[test]
fn a_workouts_id_is_used_once() {
    let taken = PlanError::WorkoutAlreadyExists { workout_id: TEMPO };

    given(vec![created(), scheduled(TEMPO, None)])
        .when(schedule(vec![workout(STRENGTH, None), workout(TEMPO, None)]))
        .then_expect_error(taken.clone());
    given(vec![created()])
        .when(schedule(vec![workout(TEMPO, None), workout(TEMPO, None)]))
        .then_expect_error(taken);
}

#[test]
fn a_plan_holds_at_most_2000_workouts() {
    let full: Vec<_> = (0..2_000).map(|n| workout(id(n), None)).collect();
    let too_many = PlanError::TooManyWorkouts { max: 2_000 };

    let events = given(vec![created()])
        .when(schedule(full.clone()))
        .inspect_result()
        .expect("room for 2000");
    assert_eq!(events.len(), 2_000);

    let history: Vec<_> = std::iter::once(created()).chain(events).collect();
    given(history.clone())
        .when(schedule(vec![workout(id(2_000), None)]))
        .then_expect_error(too_many.clone());
    given(vec![created()])
        .when(schedule(full.into_iter().chain([workout(id(2_000), None)]).collect()))
        .then_expect_error(too_many);
    given(history)
        .and(vec![removed(id(0))])
        .when(schedule(vec![workout(id(2_000), None)]))
        .then_expect_events(vec![scheduled(id(2_000), None)]);
}

#[test]
fn a_workout_is_moved_within_its_plan_or_off_the_calendar() {
    for day in [Some(last()), None] {
        given(vec![created(), scheduled(TEMPO, Some(first()))])
            .when(revise(move_to(day)))
            .then_expect_events(vec![moved(TEMPO, day)]);
    }
}

#[test]
fn a_workout_is_not_moved_out_of_its_plan() {
    for day in [day_before(first()), day_after(last())] {
        let result = given(vec![created(), scheduled(TEMPO, None)])
            .when(revise(move_to(Some(day))))
            .inspect_result();
        assert_eq!(wrong_fields(result), named(&["scheduled_date"]));
    }
}

#[test]
fn a_changed_workout_is_told_as_a_whole() {
    let is = everything();
    let revision = WorkoutRevision {
        name: Some(is.name.clone()),
        workout_type: Some(is.workout_type),
        description: Some(is.description.clone()),
        scheduled_date: Some(Some(last())),
        distance_m: Some(is.distance_m),
        duration_minutes: Some(is.duration_minutes),
        target_pace_s_per_km: Some(is.target_pace_s_per_km),
    };

    given(vec![created(), scheduled(TEMPO, Some(first()))])
        .when(revise(revision))
        .then_expect_events(vec![moved(TEMPO, Some(last())), changed(is)]);
}

#[test]
fn what_a_workout_asks_for_can_be_cleared() {
    let cleared = WorkoutRevision {
        description: Some(None),
        distance_m: Some(None),
        duration_minutes: Some(None),
        target_pace_s_per_km: Some(None),
        ..WorkoutRevision::default()
    };
    let bare = WorkoutContent {
        description: None,
        distance_m: None,
        duration_minutes: None,
        target_pace_s_per_km: None,
        ..everything()
    };

    given(vec![created(), scheduled(TEMPO, None), changed(everything())])
        .when(revise(cleared))
        .then_expect_events(vec![changed(bare)]);
}

#[test]
fn a_workout_revision_that_changes_nothing_stores_nothing() {
    let same = WorkoutRevision {
        name: Some(content().name),
        workout_type: Some(content().workout_type),
        description: Some(None),
        scheduled_date: Some(Some(first())),
        distance_m: Some(None),
        duration_minutes: Some(None),
        target_pace_s_per_km: Some(None),
    };

    for revision in [same, WorkoutRevision::default()] {
        given(vec![created(), scheduled(TEMPO, Some(first()))])
            .when(revise(revision))
            .then_expect_events(vec![]);
    }
}

#[test]
fn a_target_pace_runs_from_fast_to_slow() {
    let pace = |seconds| SecondsPerKm::from_seconds(seconds).expect("a pace");

    assert!(PaceRange::new(pace(300), pace(330)).is_ok());
    assert!(PaceRange::new(pace(300), pace(300)).is_ok());
    assert_eq!(
        PaceRange::new(pace(301), pace(300)).map_err(|v| v.code),
        Err("fast_slower_than_slow")
    );
}

#[test]
fn a_target_pace_lies_between_90_and_3600_seconds() {
    for seconds in [90, 3600] {
        assert_eq!(
            SecondsPerKm::from_seconds(seconds).map(|pace| i64::from(pace.seconds())),
            Ok(seconds)
        );
    }
    for seconds in [89, 3601, 0, -90, i64::MAX, i64::MIN] {
        assert_eq!(
            SecondsPerKm::from_seconds(seconds).map_err(|v| v.code),
            Err("out_of_range"),
            "{seconds}"
        );
    }
}

#[test]
fn a_workout_type_is_read_from_its_own_word_only() {
    for workout_type in WorkoutType::ALL {
        assert_eq!(workout_type.as_str().parse(), Ok(workout_type));
        assert_eq!(serde_json::json!(workout_type), workout_type.as_str());
    }
    for word in ["Easy_Run", "easy run", "", "marathon"] {
        assert!(word.parse::<WorkoutType>().is_err(), "{word}");
    }
}

fn id(n: usize) -> WorkoutId {
    WorkoutId(Uuid::from_u128(0x1000 + n as u128))
}

fn day_before(day: NaiveDate) -> NaiveDate {
    day - Days::new(1)
}

/// What a refusal names; each workout has but one way to be wrong here.
fn named(fields: &[&str]) -> Vec<(String, &'static str)> {
    fields.iter().map(|field| ((*field).to_owned(), "outside_plan")).collect()
}
