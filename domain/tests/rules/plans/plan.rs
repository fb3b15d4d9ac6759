//! What a plan allows, as given / when / then.

use cqrs_es::test::TestFramework;
use domain::plan::{
    DeletePlan, Plan, PlanCommand, PlanDescribed, PlanDetails, PlanError, PlanEvent, PlanRenamed,
    PlanRevision, PlanStatus, PlanStatusChanged,
};
use domain::{Distance, Text};

use super::{
    PLAN, TEMPO, create, created, day, details, first, fold, given, last, leads_to, name, named,
    refuses_to_create, rescheduled, revise, scheduled, wrong_fields,
};

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

fn refuses_to_revise(revision: PlanRevision, why: &[(&str, &'static str)]) {
    let result = given(vec![created()]).when(revise(revision)).inspect_result();
    assert_eq!(wrong_fields(result), named(why));
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

fn km(km: f64) -> Distance {
    Distance::from_km(km).expect("a distance")
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
