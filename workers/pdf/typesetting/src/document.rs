use chrono::{DateTime, NaiveDate, Utc};
use domain::plan::{Plan, PlanDetails, PlanStatus, ScheduledWorkout, WorkoutStatus, WorkoutType};
use domain::{PlanId, WorkoutId};

/// A plan as it is to be printed, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanDocument {
    /// What the plan says of itself.
    pub plan: PrintedPlan,
    /// Its workouts, in any order.
    pub workouts: Vec<PrintedWorkout>,
    /// The runs that fulfil its workouts, in any order.
    pub runs: Vec<PrintedRun>,
    /// The moment it is told of. What is missed, and which week it is, is told of this day (UTC), as the API does.
    pub as_of: DateTime<Utc>,
    /// The plan's version at that moment.
    pub version: i64,
    /// Whose plan it is.
    pub runner: Option<String>,
    /// Where the plan is seen as it is now; printed as a QR code, too.
    pub live_url: Option<String>,
}

/// What a plan says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedPlan {
    /// Its id.
    pub plan_id: PlanId,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Its first day.
    pub start_date: NaiveDate,
    /// Its last day.
    pub end_date: NaiveDate,
    /// The day of the race it leads to.
    pub goal_race_date: Option<NaiveDate>,
    /// How long that race is.
    pub goal_race_distance_m: Option<u32>,
    /// Where it stands.
    pub status: PlanStatus,
}

/// A workout of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedWorkout {
    /// Its id.
    pub workout_id: WorkoutId,
    /// Its day, when it has one.
    pub scheduled_date: Option<NaiveDate>,
    /// What it is called.
    pub name: String,
    /// What kind of training it is.
    pub workout_type: WorkoutType,
    /// How to do it.
    pub description: Option<String>,
    /// How far.
    pub distance_m: Option<u32>,
    /// How long.
    pub duration_minutes: Option<u32>,
    /// The faster end of its pace.
    pub target_pace_fast_s_per_km: Option<u32>,
    /// The slower end of its pace.
    pub target_pace_slow_s_per_km: Option<u32>,
    /// Where it stands.
    pub status: WorkoutStatus,
}

/// A run that fulfils a workout of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintedRun {
    /// The workout it fulfils.
    pub workout_id: WorkoutId,
    /// The day it was run, on the runner's own calendar.
    pub actual_date: NaiveDate,
    /// How far.
    pub distance_m: u32,
    /// How long, in seconds.
    pub duration_s: u32,
}

impl PlanDocument {
    /// A plan as its events tell it; `None` when it does not exist.
    ///
    /// What is not in the plan's own events is added by the caller: runs, the runner's name, the address.
    #[must_use]
    pub fn of(plan: &Plan, version: i64, as_of: DateTime<Utc>) -> Option<Self> {
        let details = plan.details()?;
        Some(Self {
            plan: PrintedPlan::of(plan.id()?, details, plan.status()?),
            workouts: plan
                .workouts()
                .iter()
                .map(|(workout_id, workout)| PrintedWorkout::of(*workout_id, workout))
                .collect(),
            runs: vec![],
            as_of,
            version,
            runner: None,
            live_url: None,
        })
    }
}

impl PrintedPlan {
    fn of(plan_id: PlanId, details: &PlanDetails, status: PlanStatus) -> Self {
        Self {
            plan_id,
            name: details.name.as_str().to_owned(),
            description: details.description.as_ref().map(|text| text.as_str().to_owned()),
            start_date: details.start_date,
            end_date: details.end_date,
            goal_race_date: details.goal_race_date,
            goal_race_distance_m: details.goal_race_distance_m.map(|distance| distance.metres()),
            status,
        }
    }
}

impl PrintedWorkout {
    fn of(workout_id: WorkoutId, workout: &ScheduledWorkout) -> Self {
        let content = &workout.content;
        let pace = content.target_pace_s_per_km;
        Self {
            workout_id,
            scheduled_date: workout.scheduled_date,
            name: content.name.as_str().to_owned(),
            workout_type: content.workout_type,
            description: content.description.as_ref().map(|text| text.as_str().to_owned()),
            distance_m: content.distance_m.map(|distance| distance.metres()),
            duration_minutes: content.duration_minutes.map(|duration| duration.minutes()),
            target_pace_fast_s_per_km: pace.map(|pace| pace.fast.seconds()),
            target_pace_slow_s_per_km: pace.map(|pace| pace.slow.seconds()),
            status: workout.status,
        }
    }
}
