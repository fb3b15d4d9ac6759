//! The steps that stories are told in.

use chrono::{DateTime, Days, NaiveDate};
use domain::plan::{
    CompleteWorkout, CreatePlan, DeletePlan, NewWorkout, PlanCommand, PlanDetails, PlanRevision,
    RemoveWorkout, ReopenWorkout, RevisePlan, ReviseWorkout, ScheduleWorkouts, ShiftWorkouts,
    SkipWorkout, WorkoutContent, WorkoutFields, WorkoutRevision, WorkoutType,
};
use domain::run::{
    CorrectRun, DeleteRun, Match, MatchRun, RecordRun, RunCommand, RunDetails, RunRevision, Source,
    UnmatchRun,
};
use domain::{Distance, Name, OwnerId, PlanId, RunId, Seconds, Text, WorkoutId};
use uuid::Uuid;

use crate::commands::Step;

pub(crate) fn create(plan_id: PlanId, owner_id: OwnerId) -> Step {
    let details = PlanDetails {
        name: name("Spring"),
        description: None,
        start_date: day(100),
        end_date: day(200),
        goal_race_date: None,
        goal_race_distance_m: None,
    };
    Step::Plan(plan_id, PlanCommand::Create(CreatePlan { plan_id, owner_id, details }))
}

pub(crate) fn revise(plan_id: PlanId, revision: PlanRevision) -> Step {
    Step::Plan(
        plan_id,
        PlanCommand::Revise(RevisePlan { revision, shift_workouts: ShiftWorkouts::Yes }),
    )
}

pub(crate) fn rename(plan_id: PlanId, to: &str) -> Step {
    revise(plan_id, PlanRevision { name: Some(name(to)), ..PlanRevision::default() })
}

pub(crate) fn delete_plan(plan_id: PlanId) -> Step {
    Step::Plan(plan_id, PlanCommand::Delete(DeletePlan))
}

pub(crate) fn schedule(
    plan_id: PlanId,
    workout_id: WorkoutId,
    called: &str,
    on: Option<NaiveDate>,
) -> Step {
    let workouts = vec![NewWorkout { workout_id, scheduled_date: on, content: content(called) }];
    Step::Plan(
        plan_id,
        PlanCommand::ScheduleWorkouts(ScheduleWorkouts { workouts, fields: WorkoutFields::Single }),
    )
}

fn content(called: &str) -> WorkoutContent {
    WorkoutContent {
        name: name(called),
        workout_type: WorkoutType::EasyRun,
        description: None,
        distance_m: Some(km(8.0)),
        duration_minutes: None,
        target_pace_s_per_km: None,
    }
}

pub(crate) fn revise_workout(
    plan_id: PlanId,
    workout_id: WorkoutId,
    revision: WorkoutRevision,
) -> Step {
    Step::Plan(plan_id, PlanCommand::ReviseWorkout(ReviseWorkout { workout_id, revision }))
}

pub(crate) fn remove(plan_id: PlanId, workout_id: WorkoutId) -> Step {
    Step::Plan(plan_id, PlanCommand::RemoveWorkout(RemoveWorkout { workout_id }))
}

pub(crate) fn skip(plan_id: PlanId, workout_id: WorkoutId) -> Step {
    Step::Plan(plan_id, PlanCommand::SkipWorkout(SkipWorkout { workout_id }))
}

pub(crate) fn reopen(plan_id: PlanId, workout_id: WorkoutId, released_by: Option<RunId>) -> Step {
    Step::Plan(plan_id, PlanCommand::ReopenWorkout(ReopenWorkout { workout_id, released_by }))
}

/// Both sides of a match, as they are told together.
pub(crate) fn fulfil(plan_id: PlanId, workout_id: WorkoutId, run_id: RunId) -> Vec<Step> {
    let with = Match { plan_id, workout_id };
    vec![
        Step::Run(run_id, RunCommand::Match(MatchRun { with })),
        Step::Plan(plan_id, PlanCommand::CompleteWorkout(CompleteWorkout { workout_id, run_id })),
    ]
}

pub(crate) fn record(run_id: RunId, owner_id: OwnerId, details: RunDetails) -> Step {
    let record = RecordRun {
        run_id,
        owner_id,
        source: Source::Manual,
        external_id: None,
        details,
        today: day(366),
        duration_field: "duration_seconds",
    };
    Step::Run(run_id, RunCommand::Record(record))
}

/// A plain run on a day.
pub(crate) fn ran(on: NaiveDate, distance_km: f64, seconds: i64) -> RunDetails {
    RunDetails {
        actual_date: on,
        started_at: None,
        distance_m: km(distance_km),
        duration_s: Seconds::from_seconds(seconds).unwrap(),
        average_heart_rate: None,
        max_heart_rate: None,
        elevation_gain_m: None,
        perceived_effort: None,
        is_race: false,
        notes: None,
    }
}

pub(crate) fn correct(run_id: RunId, revision: RunRevision) -> Step {
    Step::Run(
        run_id,
        RunCommand::Correct(CorrectRun {
            revision,
            today: day(366),
            duration_field: "duration_seconds",
        }),
    )
}

pub(crate) fn unmatch(run_id: RunId) -> Step {
    Step::Run(run_id, RunCommand::Unmatch(UnmatchRun))
}

pub(crate) fn delete_run(run_id: RunId) -> Step {
    Step::Run(run_id, RunCommand::Delete(DeleteRun))
}

pub(crate) fn owner() -> OwnerId {
    OwnerId(Uuid::now_v7())
}

pub(crate) fn plan_id() -> PlanId {
    PlanId(Uuid::now_v7())
}

pub(crate) fn workout_id() -> WorkoutId {
    WorkoutId(Uuid::now_v7())
}

pub(crate) fn run_id() -> RunId {
    RunId(Uuid::now_v7())
}

/// A day of 2026, and days around it.
pub(crate) fn day(of_year: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 12, 31).unwrap() + Days::new(of_year)
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub(crate) fn km(km: f64) -> Distance {
    Distance::from_km(km).unwrap()
}

pub(crate) fn instant(text: &str) -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}
