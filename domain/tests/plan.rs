//! What a plan allows, as given / when / then.

use chrono::{Days, NaiveDate};
use cqrs_es::test::TestFramework;
use domain::plan::{
    CreatePlan, DeletePlan, GoalChanged, Plan, PlanCommand, PlanCreated, PlanDescribed,
    PlanDetails, PlanError, PlanEvent, PlanRenamed, PlanRescheduled, PlanRevision, PlanStatus,
    PlanStatusChanged, RevisePlan, ShiftWorkouts, WorkoutContent, WorkoutScheduled, WorkoutType,
};
use domain::{Distance, Name, OwnerId, PlanId, Text, WorkoutId};
use uuid::Uuid;

#[test]
fn a_plan_begins_as_a_draft() {
    TestFramework::<Plan>::with(())
        .given_no_previous_events()
        .when(create(details()))
        .then_expect_events(vec![created()]);

    assert_eq!(fold(vec![created()]).status(), Some(PlanStatus::Draft));
}

#[test]
fn a_plan_is_created_once() {
    given(vec![created()]).when(create(details())).then_expect_error(PlanError::AlreadyExists);
}

#[test]
fn a_deleted_plans_id_is_not_used_again() {
    given(vec![created(), deleted()])
        .when(create(details()))
        .then_expect_error(PlanError::AlreadyExists);
}

#[test]
fn a_refusal_names_every_wrong_field() {
    let details = PlanDetails { end_date: first(), goal_race_date: Some(day(5)), ..details() };

    refuses_to_create(details, &[("end_date", "before_start"), ("goal_race_date", "outside_plan")]);
}

#[test]
fn a_revision_says_what_changed_and_nothing_else() {
    let renamed = PlanRevision { name: Some(name("Autumn 10K")), ..PlanRevision::default() };
    given(vec![created()]).when(revise(renamed)).then_expect_events(vec![PlanEvent::Renamed(
        PlanRenamed { plan_id: PLAN, name: name("Autumn 10K") },
    )]);

    let described =
        PlanRevision { description: Some(Some(text("Hills"))), ..PlanRevision::default() };
    given(vec![created()])
        .when(revise(described))
        .then_expect_events(vec![describes(Some(text("Hills")))]);

    let goal =
        PlanRevision { goal_race_distance_m: Some(Some(km(10.0))), ..PlanRevision::default() };
    given(vec![created()])
        .when(revise(goal))
        .then_expect_events(vec![leads_to(None, Some(km(10.0)))]);
}

#[test]
fn a_revision_of_everything_is_one_event_for_each_subject() {
    let revision = PlanRevision {
        name: Some(name("Autumn 10K")),
        description: Some(Some(text("Hills"))),
        start_date: Some(day(1)),
        end_date: Some(day(29)),
        goal_race_date: Some(Some(day(29))),
        goal_race_distance_m: Some(Some(km(10.0))),
        status: Some(PlanStatus::Active),
    };

    given(vec![created()]).when(revise(revision)).then_expect_events(vec![
        PlanEvent::Renamed(PlanRenamed { plan_id: PLAN, name: name("Autumn 10K") }),
        describes(Some(text("Hills"))),
        rescheduled(day(1), day(29)),
        leads_to(Some(day(29)), Some(km(10.0))),
        PlanEvent::Activated(changed()),
    ]);
}

#[test]
fn a_revision_that_changes_nothing_stores_nothing() {
    let same = PlanRevision {
        name: Some(details().name),
        description: Some(details().description),
        start_date: Some(first()),
        end_date: Some(last()),
        goal_race_date: Some(None),
        goal_race_distance_m: Some(None),
        status: Some(PlanStatus::Draft),
    };

    given(vec![created()]).when(revise(same)).then_expect_events(vec![]);
    given(vec![created()]).when(revise(PlanRevision::default())).then_expect_events(vec![]);
}

#[test]
fn a_description_and_a_goal_can_be_cleared() {
    let described =
        vec![created(), describes(Some(text("Hills"))), leads_to(Some(last()), Some(km(10.0)))];
    let cleared = PlanRevision {
        description: Some(None),
        goal_race_date: Some(None),
        goal_race_distance_m: Some(None),
        ..PlanRevision::default()
    };

    given(described)
        .when(revise(cleared))
        .then_expect_events(vec![describes(None), leads_to(None, None)]);
}

#[test]
fn a_revision_keeps_the_rules_of_creation() {
    let too_long = PlanRevision { end_date: Some(day(366)), ..PlanRevision::default() };
    refuses_to_revise(too_long, &[("end_date", "too_long")]);

    let backwards = PlanRevision { start_date: Some(last()), ..PlanRevision::default() };
    refuses_to_revise(backwards, &[("end_date", "before_start")]);

    let goal_after_the_end =
        PlanRevision { goal_race_date: Some(Some(day(28))), ..PlanRevision::default() };
    refuses_to_revise(goal_after_the_end, &[("goal_race_date", "outside_plan")]);
}

#[test]
fn a_plan_changes_status_only_along_the_allowed_ways() {
    use PlanStatus::{Abandoned, Active, Completed, Draft};

    for from in PlanStatus::ALL {
        for to in PlanStatus::ALL {
            let expected = match (from, to) {
                (Draft | Abandoned, Active) => Ok(vec![PlanEvent::Activated(changed())]),
                (Active, Completed) => Ok(vec![PlanEvent::Completed(changed())]),
                (Active, Abandoned) => Ok(vec![PlanEvent::Abandoned(changed())]),
                (Draft, Draft)
                | (Active, Active)
                | (Completed, Completed)
                | (Abandoned, Abandoned) => Ok(vec![]),
                (Draft, Completed | Abandoned)
                | (Active, Draft)
                | (Completed, Draft | Active | Abandoned)
                | (Abandoned, Draft | Completed) => Err(PlanError::StatusChange { from, to }),
            };
            let revision = PlanRevision { status: Some(to), ..PlanRevision::default() };
            let result = given(that_is(from)).when(revise(revision)).inspect_result();
            assert_eq!(result, expected, "{} to {}", from.as_str(), to.as_str());
        }
    }
}

#[test]
fn a_refused_status_keeps_the_other_changes_out_too() {
    let revision = PlanRevision {
        name: Some(name("Other")),
        status: Some(PlanStatus::Completed),
        ..PlanRevision::default()
    };

    given(vec![created()]).when(revise(revision)).then_expect_error(PlanError::StatusChange {
        from: PlanStatus::Draft,
        to: PlanStatus::Completed,
    });
}

#[test]
fn a_plan_is_deleted_in_every_status() {
    for status in PlanStatus::ALL {
        given(that_is(status))
            .when(PlanCommand::Delete(DeletePlan))
            .then_expect_events(vec![deleted()]);
    }
}

#[test]
fn a_deleted_plan_takes_its_workouts_with_it() {
    let plan = fold(vec![created(), scheduled(TEMPO, None), deleted()]);

    assert!(plan.workouts().is_empty() && plan.details().is_none() && plan.was_born());
}

#[test]
fn a_plan_that_is_not_there_refuses_everything() {
    for events in [vec![], vec![created(), deleted()]] {
        for command in [revise(PlanRevision::default()), PlanCommand::Delete(DeletePlan)] {
            given(events.clone()).when(command).then_expect_error(PlanError::NotFound);
        }
    }
}

#[test]
fn a_status_is_read_from_its_own_word_only() {
    for status in PlanStatus::ALL {
        assert_eq!(status.as_str().parse(), Ok(status));
    }
    assert!("Draft".parse::<PlanStatus>().is_err() && "".parse::<PlanStatus>().is_err());
}

const PLAN: PlanId = PlanId(Uuid::from_u128(1));
const OWNER: OwnerId = OwnerId(Uuid::from_u128(2));
const TEMPO: WorkoutId = WorkoutId(Uuid::from_u128(1));

fn given(events: Vec<PlanEvent>) -> cqrs_es::test::AggregateTestExecutor<Plan> {
    TestFramework::<Plan>::with(()).given(events)
}

fn fold(events: Vec<PlanEvent>) -> Plan {
    use cqrs_es::Aggregate;
    let mut plan = Plan::default();
    events.into_iter().for_each(|event| plan.apply(event));
    plan
}

fn refuses_to_create(details: PlanDetails, why: &[(&str, &'static str)]) {
    let framework = TestFramework::<Plan>::with(());
    let result = framework.given_no_previous_events().when(create(details)).inspect_result();
    assert_eq!(wrong_fields(result), named(why));
}

fn refuses_to_revise(revision: PlanRevision, why: &[(&str, &'static str)]) {
    let result = given(vec![created()]).when(revise(revision)).inspect_result();
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

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

fn km(km: f64) -> Distance {
    Distance::from_km(km).expect("a distance")
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

fn deleted() -> PlanEvent {
    PlanEvent::Deleted(changed())
}

fn changed() -> PlanStatusChanged {
    PlanStatusChanged { plan_id: PLAN }
}

fn that_is(status: PlanStatus) -> Vec<PlanEvent> {
    let mut events = vec![created()];
    match status {
        PlanStatus::Draft => {}
        PlanStatus::Active => events.push(PlanEvent::Activated(changed())),
        PlanStatus::Completed => {
            events.extend([PlanEvent::Activated(changed()), PlanEvent::Completed(changed())])
        }
        PlanStatus::Abandoned => {
            events.extend([PlanEvent::Activated(changed()), PlanEvent::Abandoned(changed())])
        }
    }
    events
}

fn describes(description: Option<Text>) -> PlanEvent {
    PlanEvent::Described(PlanDescribed { plan_id: PLAN, description })
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
