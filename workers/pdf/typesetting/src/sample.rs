//! A plan that templates are tried with.

use chrono::{Days, NaiveDate};
use domain::plan::{PlanStatus, WorkoutStatus, WorkoutType};
use domain::{PlanId, WorkoutId};
use uuid::Uuid;

use crate::{PlanDocument, PrintedPlan, PrintedRun, PrintedWorkout};

/// Two weeks in which everything occurs that a template may be asked to print.
pub(crate) fn plan() -> PlanDocument {
    let start_date = NaiveDate::from_ymd_opt(2027, 3, 1).expect("a day of the calendar");
    let workouts = (0..).zip(WorkoutType::ALL).map(|(at, workout_type)| PrintedWorkout {
        workout_id: WorkoutId(Uuid::from_u128(at)),
        scheduled_date: (at > 0).then(|| start_date + Days::new(at as u64)),
        name: "Along the river".to_owned(),
        workout_type,
        description: at.is_multiple_of(2).then(|| "Without haste".to_owned()),
        distance_m: at.is_multiple_of(3).then_some(10_000),
        duration_minutes: (at % 3 == 1).then_some(60),
        target_pace_fast_s_per_km: (at % 4 == 1).then_some(300),
        target_pace_slow_s_per_km: (at % 4 == 1).then_some(330),
        status: match at % 3 {
            0 => WorkoutStatus::Completed,
            1 => WorkoutStatus::Skipped,
            _ => WorkoutStatus::Planned,
        },
    });
    PlanDocument {
        plan: PrintedPlan {
            plan_id: PlanId(Uuid::nil()),
            name: "A plan to try templates with".to_owned(),
            description: Some("What it is about".to_owned()),
            start_date,
            end_date: start_date + Days::new(13),
            goal_race_date: Some(start_date + Days::new(13)),
            goal_race_distance_m: Some(10_000),
            status: PlanStatus::Active,
        },
        workouts: workouts.collect(),
        runs: vec![PrintedRun {
            workout_id: WorkoutId(Uuid::from_u128(3)),
            actual_date: start_date + Days::new(3),
            distance_m: 10_200,
            duration_s: 3_060,
        }],
        as_of: (start_date + Days::new(5)).and_time(chrono::NaiveTime::MIN).and_utc(),
        version: 12,
        runner: Some("Ann".to_owned()),
        live_url: Some("https://trainer.example/plans/1".to_owned()),
    }
}
