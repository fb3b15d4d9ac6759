//! When a plan may be, and how its dates change, as given / when / then.

use chrono::{Days, NaiveDate};
use cqrs_es::test::TestFramework;
use domain::plan::{
    CreatePlan, GoalChanged, Plan, PlanCommand, PlanCreated, PlanDetails, PlanError, PlanEvent,
    PlanRescheduled, PlanRevision, RevisePlan, ShiftWorkouts, WorkoutContent, WorkoutMoved,
    WorkoutScheduled, WorkoutSettled, WorkoutType,
};
use domain::{Distance, Name, OwnerId, PlanId, WorkoutId};
use uuid::Uuid;

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

const PLAN: PlanId = PlanId(Uuid::from_u128(1));
const OWNER: OwnerId = OwnerId(Uuid::from_u128(2));
const TEMPO: WorkoutId = WorkoutId(Uuid::from_u128(1));
const LONG_RUN: WorkoutId = WorkoutId(Uuid::from_u128(2));
const UNDATED: WorkoutId = WorkoutId(Uuid::from_u128(3));

fn given(events: Vec<PlanEvent>) -> cqrs_es::test::AggregateTestExecutor<Plan> {
    TestFramework::<Plan>::with(()).given(events)
}

fn accepts(details: PlanDetails) {
    let result = TestFramework::<Plan>::with(())
        .given_no_previous_events()
        .when(create(details))
        .inspect_result();
    assert!(result.is_ok(), "{result:?}");
}

fn refuses_to_create(details: PlanDetails, why: &[(&str, &'static str)]) {
    let framework = TestFramework::<Plan>::with(());
    let result = framework.given_no_previous_events().when(create(details)).inspect_result();
    assert_eq!(wrong_fields(result), named(why));
}

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).expect("a real date")
}

fn last() -> NaiveDate {
    day(27)
}

/// The day that many days after the first.
fn day(n: i64) -> NaiveDate {
    let days = Days::new(n.unsigned_abs());
    if n < 0 { first() - days } else { first() + days }
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn details() -> PlanDetails {
    PlanDetails {
        name: name("Spring 10K"),
        description: None,
        start_date: first(),
        end_date: last(),
        goal_race_date: None,
        goal_race_distance_m: None,
    }
}

fn create(details: PlanDetails) -> PlanCommand {
    PlanCommand::Create(CreatePlan { plan_id: PLAN, owner_id: OWNER, details })
}

fn revise(revision: PlanRevision) -> PlanCommand {
    PlanCommand::Revise(RevisePlan { revision, shift_workouts: ShiftWorkouts::No })
}

fn shift(revision: PlanRevision) -> PlanCommand {
    PlanCommand::Revise(RevisePlan { revision, shift_workouts: ShiftWorkouts::Yes })
}

fn dates(start: NaiveDate, end: NaiveDate) -> PlanRevision {
    PlanRevision { start_date: Some(start), end_date: Some(end), ..PlanRevision::default() }
}

fn created() -> PlanEvent {
    PlanEvent::Created(PlanCreated { plan_id: PLAN, owner_id: OWNER, plan: details() })
}

fn leads_to(
    goal_race_date: Option<NaiveDate>,
    goal_race_distance_m: Option<Distance>,
) -> PlanEvent {
    PlanEvent::GoalChanged(GoalChanged { plan_id: PLAN, goal_race_date, goal_race_distance_m })
}

fn rescheduled(start_date: NaiveDate, end_date: NaiveDate) -> PlanEvent {
    PlanEvent::Rescheduled(PlanRescheduled { plan_id: PLAN, start_date, end_date })
}

fn scheduled(workout_id: WorkoutId, scheduled_date: Option<NaiveDate>) -> PlanEvent {
    let workout = WorkoutContent {
        name: name(&format!("Workout {}", workout_id.0.as_u128())),
        workout_type: WorkoutType::EasyRun,
        description: None,
        distance_m: None,
        duration_minutes: None,
        target_pace_s_per_km: None,
    };
    PlanEvent::WorkoutScheduled(WorkoutScheduled {
        plan_id: PLAN,
        workout_id,
        scheduled_date,
        workout,
    })
}

fn moved(workout_id: WorkoutId, day: NaiveDate) -> PlanEvent {
    PlanEvent::WorkoutMoved(WorkoutMoved { plan_id: PLAN, workout_id, scheduled_date: Some(day) })
}

fn removed(workout_id: WorkoutId) -> PlanEvent {
    PlanEvent::WorkoutRemoved(WorkoutSettled { plan_id: PLAN, workout_id })
}

/// The fields a refusal names, with the codes of what is wrong.
fn wrong_fields(result: Result<Vec<PlanEvent>, PlanError>) -> Vec<(String, &'static str)> {
    match result {
        Err(PlanError::Invalid(violations)) => {
            violations.into_iter().map(|v| (v.field, v.code)).collect()
        }
        other => panic!("expected a refusal of fields, got {other:?}"),
    }
}

fn named(fields: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    fields.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
}
