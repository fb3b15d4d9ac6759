//! When a plan may be, and how its dates change, as given / when / then.

use chrono::NaiveDate;
use cqrs_es::test::TestFramework;
use domain::WorkoutId;
use domain::plan::{
    Plan, PlanCommand, PlanDetails, PlanError, PlanEvent, PlanRevision, RevisePlan, ShiftWorkouts,
    WorkoutMoved, WorkoutSettled,
};
use uuid::Uuid;

use super::{
    PLAN, TEMPO, create, created, day, details, first, given, last, leads_to, named,
    refuses_to_create, rescheduled, revise, scheduled, wrong_fields,
};

#[test]
fn a_plan_ends_after_it_starts() {
    for end_date in [first(), day(-1)] {
        refuses_to_create(PlanDetails { end_date, ..details() }, &[("end_date", "before_start")]);
    }
    accepts(PlanDetails { end_date: day(1), ..details() });
}

#[test]
fn a_plan_spans_at_most_366_days() {
    accepts(PlanDetails { end_date: day(365), ..details() });
    assert_eq!(PlanDetails { end_date: day(365), ..details() }.duration_days(), 366);

    refuses_to_create(PlanDetails { end_date: day(366), ..details() }, &[("end_date", "too_long")]);
}

#[test]
fn the_goal_race_lies_within_the_plan() {
    for goal in [None, Some(first()), Some(last())] {
        accepts(PlanDetails { goal_race_date: goal, ..details() });
    }
    for goal in [day(-1), day(28)] {
        let details = PlanDetails { goal_race_date: Some(goal), ..details() };
        refuses_to_create(details, &[("goal_race_date", "outside_plan")]);
    }
}

#[test]
fn a_plan_is_not_cut_short_of_its_goal_race() {
    let shorter = PlanRevision { end_date: Some(day(26)), ..PlanRevision::default() };

    let result =
        given(vec![created(), leads_to(Some(last()), None)]).when(revise(shorter)).inspect_result();
    assert_eq!(wrong_fields(result), named(&[("goal_race_date", "outside_plan")]));
}

#[test]
fn new_dates_may_touch_the_outermost_workouts() {
    given(vec![created(), scheduled(TEMPO, Some(day(3))), scheduled(LONG_RUN, Some(day(20)))])
        .when(revise(dates(day(3), day(20))))
        .then_expect_events(vec![rescheduled(day(3), day(20))]);
}

#[test]
fn new_dates_that_leave_workouts_outside_are_refused_and_name_them() {
    let scheduled = vec![
        created(),
        scheduled(TEMPO, Some(day(3))),
        scheduled(LONG_RUN, Some(day(20))),
        scheduled(UNDATED, None),
    ];

    given(scheduled.clone())
        .when(revise(dates(day(4), day(20))))
        .then_expect_error(PlanError::WorkoutsOutside(vec![(TEMPO, "Workout 1".to_owned())]));
    given(scheduled.clone())
        .when(revise(dates(day(3), day(19))))
        .then_expect_error(PlanError::WorkoutsOutside(vec![(LONG_RUN, "Workout 2".to_owned())]));
    given(scheduled).when(revise(dates(day(30), day(60)))).then_expect_error(
        PlanError::WorkoutsOutside(vec![
            (TEMPO, "Workout 1".to_owned()),
            (LONG_RUN, "Workout 2".to_owned()),
        ]),
    );
}

#[test]
fn a_refusal_over_many_workouts_names_the_first_twenty() {
    let workouts =
        (1..=30).map(|n| (WorkoutId(Uuid::from_u128(n)), format!("Workout {n}"))).collect();
    let refusal = PlanError::WorkoutsOutside(workouts).to_string();

    assert!(
        refusal.starts_with("30 workout(s) would lie outside the plan: Workout 1 (00000000"),
        "{refusal}"
    );
    assert!(refusal.contains("Workout 20 (") && !refusal.contains("Workout 21 ("), "{refusal}");
}

#[test]
fn removed_workouts_do_not_hold_a_plan_to_its_dates() {
    given(vec![created(), scheduled(TEMPO, Some(day(3))), removed(TEMPO)])
        .when(revise(dates(day(4), day(20))))
        .then_expect_events(vec![rescheduled(day(4), day(20))]);
}

#[test]
fn workouts_move_with_the_first_day_when_asked() {
    given(vec![
        created(),
        scheduled(TEMPO, Some(first())),
        scheduled(LONG_RUN, Some(last())),
        scheduled(UNDATED, None),
    ])
    .when(shift(dates(day(7), day(34))))
    .then_expect_events(vec![
        rescheduled(day(7), day(34)),
        moved(TEMPO, day(7)),
        moved(LONG_RUN, day(34)),
    ]);
}

#[test]
fn workouts_move_back_in_time_too() {
    given(vec![created(), scheduled(TEMPO, Some(day(3)))])
        .when(shift(dates(day(-40), last())))
        .then_expect_events(vec![rescheduled(day(-40), last()), moved(TEMPO, day(-37))]);
}

#[test]
fn moving_along_does_not_save_workouts_from_an_earlier_end() {
    given(vec![created(), scheduled(LONG_RUN, Some(last()))])
        .when(shift(dates(day(7), last())))
        .then_expect_error(PlanError::WorkoutsOutside(vec![(LONG_RUN, "Workout 2".to_owned())]));
}

#[test]
fn workouts_stay_when_only_the_last_day_moves() {
    given(vec![created(), scheduled(TEMPO, Some(day(3)))])
        .when(shift(dates(first(), day(40))))
        .then_expect_events(vec![rescheduled(first(), day(40))]);
}

const LONG_RUN: WorkoutId = WorkoutId(Uuid::from_u128(2));
const UNDATED: WorkoutId = WorkoutId(Uuid::from_u128(3));

fn accepts(details: PlanDetails) {
    let result = TestFramework::<Plan>::with(())
        .given_no_previous_events()
        .when(create(details))
        .inspect_result();
    assert!(result.is_ok(), "{result:?}");
}

fn shift(revision: PlanRevision) -> PlanCommand {
    PlanCommand::Revise(RevisePlan { revision, shift_workouts: ShiftWorkouts::Yes })
}

fn dates(start: NaiveDate, end: NaiveDate) -> PlanRevision {
    PlanRevision { start_date: Some(start), end_date: Some(end), ..PlanRevision::default() }
}

fn moved(workout_id: WorkoutId, day: NaiveDate) -> PlanEvent {
    PlanEvent::WorkoutMoved(WorkoutMoved { plan_id: PLAN, workout_id, scheduled_date: Some(day) })
}

fn removed(workout_id: WorkoutId) -> PlanEvent {
    PlanEvent::WorkoutRemoved(WorkoutSettled { plan_id: PLAN, workout_id })
}
