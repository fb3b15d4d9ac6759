//! How workouts are skipped, completed, reopened and removed, as given / when / then.

use domain::plan::{
    CompleteWorkout, PlanCommand, PlanError, PlanEvent, PlanStatusChanged, RemoveWorkout,
    ReopenWorkout, SkipWorkout, WorkoutCompleted, WorkoutRevision, WorkoutSettled, WorkoutStatus,
};
use domain::{RunId, WorkoutId};
use uuid::Uuid;

use super::{
    PLAN, STRENGTH, TEMPO, changed, created, day_after, everything, first, fold, given, last,
    move_to, moved, removed, revise, schedule, scheduled, workout,
};

#[test]
fn a_planned_workout_is_skipped_and_reopened() {
    given(vec![created(), scheduled(TEMPO, None)])
        .when(skip(TEMPO))
        .then_expect_events(vec![skipped(TEMPO)]);
    given(vec![created(), scheduled(TEMPO, None), skipped(TEMPO)])
        .when(reopen(TEMPO, None))
        .then_expect_events(vec![reopened(TEMPO)]);
}

#[test]
fn skipping_or_reopening_twice_stores_nothing() {
    given(vec![created(), scheduled(TEMPO, None), skipped(TEMPO)])
        .when(skip(TEMPO))
        .then_expect_events(vec![]);
    given(vec![created(), scheduled(TEMPO, None)])
        .when(reopen(TEMPO, None))
        .then_expect_events(vec![]);
}

#[test]
fn a_planned_or_skipped_workout_is_completed_by_a_run() {
    for before in [vec![], vec![skipped(TEMPO)], vec![skipped(TEMPO), reopened(TEMPO)]] {
        given(vec![created(), scheduled(TEMPO, None)])
            .and(before)
            .when(complete(TEMPO, RUN))
            .then_expect_events(vec![completed(TEMPO, RUN)]);
    }
}

#[test]
fn a_workout_is_completed_by_one_run() {
    given(done()).when(complete(TEMPO, RUN)).then_expect_events(vec![]);
    given(done())
        .when(complete(TEMPO, OTHER_RUN))
        .then_expect_error(PlanError::CompletedBy { run_id: RUN });
}

#[test]
fn a_completed_workout_is_not_skipped() {
    given(done()).when(skip(TEMPO)).then_expect_error(PlanError::CompletedBy { run_id: RUN });
}

#[test]
fn a_completed_workout_is_reopened_only_by_taking_its_run_away() {
    let refused = PlanError::CompletedBy { run_id: RUN };

    given(done()).when(reopen(TEMPO, None)).then_expect_error(refused.clone());
    given(done()).when(reopen(TEMPO, Some(OTHER_RUN))).then_expect_error(refused);
    given(done()).when(reopen(TEMPO, Some(RUN))).then_expect_events(vec![reopened(TEMPO)]);
}

#[test]
fn a_reopened_workout_is_free_for_another_run() {
    given(done())
        .and(vec![reopened(TEMPO)])
        .when(complete(TEMPO, OTHER_RUN))
        .then_expect_events(vec![completed(TEMPO, OTHER_RUN)]);
}

#[test]
fn a_workout_is_removed_in_every_status() {
    for before in [vec![], vec![skipped(TEMPO)], vec![completed(TEMPO, RUN)]] {
        given(vec![created(), scheduled(TEMPO, None)])
            .and(before)
            .when(remove(TEMPO))
            .then_expect_events(vec![removed(TEMPO)]);
    }
}

#[test]
fn a_workout_that_is_not_there_refuses_everything() {
    for events in [vec![created()], vec![created(), scheduled(TEMPO, None), removed(TEMPO)]] {
        for command in commands_for(TEMPO) {
            given(events.clone()).when(command).then_expect_error(PlanError::WorkoutNotFound);
        }
    }
}

#[test]
fn the_workouts_of_a_plan_that_is_not_there_refuse_everything() {
    let deleted = PlanEvent::Deleted(PlanStatusChanged { plan_id: PLAN });

    for events in [vec![], vec![created(), scheduled(TEMPO, None), deleted]] {
        for command in
            commands_for(TEMPO).into_iter().chain([schedule(vec![workout(STRENGTH, None)])])
        {
            given(events.clone()).when(command).then_expect_error(PlanError::NotFound);
        }
    }
}

#[test]
fn a_workouts_version_counts_its_own_changes() {
    let plan = fold(vec![
        created(),
        scheduled(TEMPO, None),
        scheduled(STRENGTH, None),
        moved(TEMPO, Some(first())),
        changed(everything()),
        skipped(TEMPO),
        reopened(TEMPO),
        completed(TEMPO, RUN),
    ]);

    let (tempo, strength) = (&plan.workouts()[&TEMPO], &plan.workouts()[&STRENGTH]);
    assert_eq!((tempo.version, strength.version), (6, 1));
    assert_eq!((tempo.status, tempo.run_id), (WorkoutStatus::Completed, Some(RUN)));
}

const RUN: RunId = RunId(Uuid::from_u128(3));
const OTHER_RUN: RunId = RunId(Uuid::from_u128(4));

fn skip(workout_id: WorkoutId) -> PlanCommand {
    PlanCommand::SkipWorkout(SkipWorkout { workout_id })
}

fn reopen(workout_id: WorkoutId, released_by: Option<RunId>) -> PlanCommand {
    PlanCommand::ReopenWorkout(ReopenWorkout { workout_id, released_by })
}

fn complete(workout_id: WorkoutId, run_id: RunId) -> PlanCommand {
    PlanCommand::CompleteWorkout(CompleteWorkout { workout_id, run_id })
}

fn remove(workout_id: WorkoutId) -> PlanCommand {
    PlanCommand::RemoveWorkout(RemoveWorkout { workout_id })
}

fn commands_for(workout_id: WorkoutId) -> Vec<PlanCommand> {
    vec![
        revise(WorkoutRevision::default()),
        revise(move_to(Some(day_after(last())))),
        skip(workout_id),
        reopen(workout_id, None),
        complete(workout_id, RUN),
        remove(workout_id),
    ]
}

fn skipped(workout_id: WorkoutId) -> PlanEvent {
    PlanEvent::WorkoutSkipped(WorkoutSettled { plan_id: PLAN, workout_id })
}

fn reopened(workout_id: WorkoutId) -> PlanEvent {
    PlanEvent::WorkoutReopened(WorkoutSettled { plan_id: PLAN, workout_id })
}

fn completed(workout_id: WorkoutId, run_id: RunId) -> PlanEvent {
    PlanEvent::WorkoutCompleted(WorkoutCompleted { plan_id: PLAN, workout_id, run_id })
}

fn done() -> Vec<PlanEvent> {
    vec![created(), scheduled(TEMPO, None), completed(TEMPO, RUN)]
}
