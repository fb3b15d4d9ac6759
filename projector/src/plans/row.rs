use chrono::{DateTime, NaiveDate, Utc};
use domain::plan::WorkoutContent;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A row of table `plans`.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub(crate) struct PlanRow {
    pub(crate) plan_id: Uuid,
    pub(crate) owner_id: Uuid,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) start_date: NaiveDate,
    pub(crate) end_date: NaiveDate,
    pub(crate) goal_race_date: Option<NaiveDate>,
    pub(crate) goal_race_distance_m: Option<i64>,
    pub(crate) status: String,
    pub(crate) workout_count: i64,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A row of table `workouts`.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub(crate) struct WorkoutRow {
    pub(crate) workout_id: Uuid,
    pub(crate) plan_id: Uuid,
    pub(crate) owner_id: Uuid,
    pub(crate) name: String,
    pub(crate) workout_type: String,
    pub(crate) description: Option<String>,
    pub(crate) scheduled_date: Option<NaiveDate>,
    pub(crate) distance_m: Option<i64>,
    pub(crate) duration_minutes: Option<i64>,
    pub(crate) target_pace_fast_s_per_km: Option<i64>,
    pub(crate) target_pace_slow_s_per_km: Option<i64>,
    pub(crate) status: String,
    pub(crate) run_id: Option<Uuid>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl WorkoutRow {
    /// Takes over what a workout asks for.
    pub(super) fn ask(&mut self, content: WorkoutContent) {
        self.name = content.name.as_str().to_owned();
        self.workout_type = content.workout_type.as_str().to_owned();
        self.description = content.description.map(|text| text.as_str().to_owned());
        self.distance_m = content.distance_m.map(|distance| i64::from(distance.metres()));
        self.duration_minutes =
            content.duration_minutes.map(|duration| i64::from(duration.minutes()));
        self.target_pace_fast_s_per_km =
            content.target_pace_s_per_km.map(|pace| i64::from(pace.fast.seconds()));
        self.target_pace_slow_s_per_km =
            content.target_pace_s_per_km.map(|pace| i64::from(pace.slow.seconds()));
    }
}

pub(super) async fn load_plans(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<Vec<PlanRow>> {
    sqlx::query_as!(
        PlanRow,
        "select plan_id, owner_id, name, description, start_date, end_date, goal_race_date, goal_race_distance_m,
                status, workout_count, version, created_at, updated_at
           from plans where plan_id = any($1)",
        ids,
    )
    .fetch_all(connection)
    .await
}

pub(super) async fn load_workouts(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<Vec<WorkoutRow>> {
    sqlx::query_as!(
        WorkoutRow,
        "select workout_id, plan_id, owner_id, name, workout_type, description, scheduled_date, distance_m,
                duration_minutes, target_pace_fast_s_per_km, target_pace_slow_s_per_km, status, run_id, version,
                created_at, updated_at
           from workouts where workout_id = any($1)",
        ids,
    )
    .fetch_all(connection)
    .await
}
