//! Plans, and the words that their stories are told in.

mod dates;
mod plan;

use chrono::{Days, NaiveDate};
use cqrs_es::Aggregate;
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::plan::{
    CreatePlan, GoalChanged, Plan, PlanCommand, PlanCreated, PlanDetails, PlanError, PlanEvent,
    PlanRescheduled, PlanRevision, RevisePlan, ShiftWorkouts, WorkoutContent, WorkoutScheduled,
    WorkoutType,
};
use domain::{Distance, Name, OwnerId, PlanId, WorkoutId};
use uuid::Uuid;

pub(crate) const PLAN: PlanId = PlanId(Uuid::from_u128(1));
const OWNER: OwnerId = OwnerId(Uuid::from_u128(2));
pub(crate) const TEMPO: WorkoutId = WorkoutId(Uuid::from_u128(1));

pub(crate) fn given(events: Vec<PlanEvent>) -> AggregateTestExecutor<Plan> {
    TestFramework::<Plan>::with(()).given(events)
}

fn refuses_to_create(details: PlanDetails, why: &[(&str, &'static str)]) {
    let framework = TestFramework::<Plan>::with(());
    let result = framework.given_no_previous_events().when(create(details)).inspect_result();
    assert_eq!(wrong_fields(result), named(why));
}

pub(crate) fn first() -> NaiveDate {
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

/// The fields a refusal names, with the codes of what is wrong.
pub(crate) fn fold(events: Vec<PlanEvent>) -> Plan {
    let mut plan = Plan::default();
    events.into_iter().for_each(|event| plan.apply(event));
    plan
}

pub(crate) fn wrong_fields(
    result: Result<Vec<PlanEvent>, PlanError>,
) -> Vec<(String, &'static str)> {
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
