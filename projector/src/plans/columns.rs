use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::row::{PlanRow, WorkoutRow};

/// Rows of `plans` as one array a column.
#[derive(Default)]
pub(super) struct PlanColumns<'a> {
    pub(super) plan_id: Vec<Uuid>,
    pub(super) owner_id: Vec<Uuid>,
    pub(super) name: Vec<&'a str>,
    pub(super) description: Vec<Option<&'a str>>,
    pub(super) start_date: Vec<NaiveDate>,
    pub(super) end_date: Vec<NaiveDate>,
    pub(super) goal_race_date: Vec<Option<NaiveDate>>,
    pub(super) goal_race_distance_m: Vec<Option<i64>>,
    pub(super) status: Vec<&'a str>,
    pub(super) workout_count: Vec<i64>,
    pub(super) version: Vec<i64>,
    pub(super) created_at: Vec<DateTime<Utc>>,
    pub(super) updated_at: Vec<DateTime<Utc>>,
}

impl<'a> PlanColumns<'a> {
    pub(super) fn of(rows: &'a [PlanRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.plan_id.push(row.plan_id);
            columns.owner_id.push(row.owner_id);
            columns.name.push(&row.name);
            columns.description.push(row.description.as_deref());
            columns.start_date.push(row.start_date);
            columns.end_date.push(row.end_date);
            columns.goal_race_date.push(row.goal_race_date);
            columns.goal_race_distance_m.push(row.goal_race_distance_m);
            columns.status.push(&row.status);
            columns.workout_count.push(row.workout_count);
            columns.version.push(row.version);
            columns.created_at.push(row.created_at);
            columns.updated_at.push(row.updated_at);
        }
        columns
    }
}

/// Rows of `workouts` as one array a column.
#[derive(Default)]
pub(super) struct WorkoutColumns<'a> {
    pub(super) workout_id: Vec<Uuid>,
    pub(super) plan_id: Vec<Uuid>,
    pub(super) owner_id: Vec<Uuid>,
    pub(super) name: Vec<&'a str>,
    pub(super) workout_type: Vec<&'a str>,
    pub(super) description: Vec<Option<&'a str>>,
    pub(super) scheduled_date: Vec<Option<NaiveDate>>,
    pub(super) distance_m: Vec<Option<i64>>,
    pub(super) duration_minutes: Vec<Option<i64>>,
    pub(super) target_pace_fast_s_per_km: Vec<Option<i64>>,
    pub(super) target_pace_slow_s_per_km: Vec<Option<i64>>,
    pub(super) status: Vec<&'a str>,
    pub(super) run_id: Vec<Option<Uuid>>,
    pub(super) version: Vec<i64>,
    pub(super) created_at: Vec<DateTime<Utc>>,
    pub(super) updated_at: Vec<DateTime<Utc>>,
}

impl<'a> WorkoutColumns<'a> {
    pub(super) fn of(rows: &'a [WorkoutRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.workout_id.push(row.workout_id);
            columns.plan_id.push(row.plan_id);
            columns.owner_id.push(row.owner_id);
            columns.name.push(&row.name);
            columns.workout_type.push(&row.workout_type);
            columns.description.push(row.description.as_deref());
            columns.scheduled_date.push(row.scheduled_date);
            columns.distance_m.push(row.distance_m);
            columns.duration_minutes.push(row.duration_minutes);
            columns.target_pace_fast_s_per_km.push(row.target_pace_fast_s_per_km);
            columns.target_pace_slow_s_per_km.push(row.target_pace_slow_s_per_km);
            columns.status.push(&row.status);
            columns.run_id.push(row.run_id);
            columns.version.push(row.version);
            columns.created_at.push(row.created_at);
            columns.updated_at.push(row.updated_at);
        }
        columns
    }
}
