//! Workouts of a plan, and the words that their stories are told in.

mod scheduling;
mod status;

use chrono::{Days, NaiveDate};
use domain::plan::{
    NewWorkout, PlanCommand, PlanCreated, PlanDetails, PlanEvent, ReviseWorkout, ScheduleWorkouts,
    WorkoutChanged, WorkoutContent, WorkoutFields, WorkoutMoved, WorkoutRevision, WorkoutScheduled,
    WorkoutSettled, WorkoutType,
};
use domain::{Distance, Minutes, Name, OwnerId, PaceRange, SecondsPerKm, Text, WorkoutId};
use uuid::Uuid;

use crate::plans::{PLAN, TEMPO, first, fold, given, wrong_fields};

const STRENGTH: WorkoutId = WorkoutId(Uuid::from_u128(2));

fn last() -> NaiveDate {
    first() + Days::new(27)
}

fn day_after(day: NaiveDate) -> NaiveDate {
    day + Days::new(1)
}

fn created() -> PlanEvent {
    let plan = PlanDetails {
        name: Name::parse("Spring 10K").expect("a name"),
        description: None,
        start_date: first(),
        end_date: last(),
        goal_race_date: None,
        goal_race_distance_m: None,
    };
    PlanEvent::Created(PlanCreated { plan_id: PLAN, owner_id: OwnerId(Uuid::from_u128(2)), plan })
}

fn content() -> WorkoutContent {
    WorkoutContent {
        name: Name::parse("Tempo").expect("a name"),
        workout_type: WorkoutType::Tempo,
        description: None,
        distance_m: None,
        duration_minutes: None,
        target_pace_s_per_km: None,
    }
}

/// A workout that says something in every field.
fn everything() -> WorkoutContent {
    let pace = |seconds| SecondsPerKm::from_seconds(seconds).expect("a pace");
    WorkoutContent {
        name: Name::parse("Long run").expect("a name"),
        workout_type: WorkoutType::LongRun,
        description: Text::parse("Slowly").ok(),
        distance_m: Distance::from_km(18.0).ok(),
        duration_minutes: Minutes::from_minutes(110).ok(),
        target_pace_s_per_km: PaceRange::new(pace(340), pace(380)).ok(),
    }
}

fn workout(workout_id: WorkoutId, scheduled_date: Option<NaiveDate>) -> NewWorkout {
    NewWorkout { workout_id, scheduled_date, content: content() }
}

fn schedule(workouts: Vec<NewWorkout>) -> PlanCommand {
    PlanCommand::ScheduleWorkouts(ScheduleWorkouts { workouts, fields: WorkoutFields::Single })
}

fn revise(revision: WorkoutRevision) -> PlanCommand {
    PlanCommand::ReviseWorkout(ReviseWorkout { workout_id: TEMPO, revision })
}

fn move_to(day: Option<NaiveDate>) -> WorkoutRevision {
    WorkoutRevision { scheduled_date: Some(day), ..WorkoutRevision::default() }
}

fn scheduled(workout_id: WorkoutId, scheduled_date: Option<NaiveDate>) -> PlanEvent {
    let workout = content();
    PlanEvent::WorkoutScheduled(WorkoutScheduled {
        plan_id: PLAN,
        workout_id,
        scheduled_date,
        workout,
    })
}

fn moved(workout_id: WorkoutId, scheduled_date: Option<NaiveDate>) -> PlanEvent {
    PlanEvent::WorkoutMoved(WorkoutMoved { plan_id: PLAN, workout_id, scheduled_date })
}

fn changed(workout: WorkoutContent) -> PlanEvent {
    PlanEvent::WorkoutChanged(WorkoutChanged { plan_id: PLAN, workout_id: TEMPO, workout })
}

fn removed(workout_id: WorkoutId) -> PlanEvent {
    PlanEvent::WorkoutRemoved(WorkoutSettled { plan_id: PLAN, workout_id })
}
