use chrono::{DateTime, NaiveDate, Utc};
use domain::run::RunDetails;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A row of table `runs`.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub(crate) struct RunRow {
    pub(crate) run_id: Uuid,
    pub(crate) owner_id: Uuid,
    pub(crate) plan_id: Option<Uuid>,
    pub(crate) workout_id: Option<Uuid>,
    pub(crate) actual_date: NaiveDate,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) started_offset_s: Option<i32>,
    pub(crate) distance_m: i64,
    pub(crate) duration_s: i64,
    pub(crate) average_heart_rate: Option<i64>,
    pub(crate) max_heart_rate: Option<i64>,
    pub(crate) elevation_gain_m: Option<i64>,
    pub(crate) perceived_effort: Option<i64>,
    pub(crate) is_race: bool,
    pub(crate) notes: Option<String>,
    pub(crate) source: String,
    pub(crate) external_id: Option<String>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl RunRow {
    /// Takes over what a run was like.
    pub(super) fn describe(&mut self, run: RunDetails) {
        self.actual_date = run.actual_date;
        self.started_at = run.started_at.map(|at| at.to_utc());
        self.started_offset_s = run.started_at.map(|at| at.offset().local_minus_utc());
        self.distance_m = i64::from(run.distance_m.metres());
        self.duration_s = i64::from(run.duration_s.seconds());
        self.average_heart_rate = run.average_heart_rate.map(|rate| i64::from(rate.bpm()));
        self.max_heart_rate = run.max_heart_rate.map(|rate| i64::from(rate.bpm()));
        self.elevation_gain_m = run.elevation_gain_m.map(|gain| i64::from(gain.metres()));
        self.perceived_effort = run.perceived_effort.map(|effort| i64::from(effort.level()));
        self.is_race = run.is_race;
        self.notes = run.notes.map(|notes| notes.as_str().to_owned());
    }
}

pub(super) async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<RunRow>> {
    sqlx::query_as!(
        RunRow,
        "select run_id, owner_id, plan_id, workout_id, actual_date, started_at, started_offset_s, distance_m,
                duration_s, average_heart_rate, max_heart_rate, elevation_gain_m, perceived_effort, is_race, notes,
                source, external_id, version, created_at, updated_at
           from runs where run_id = any($1)",
        ids,
    )
    .fetch_all(connection)
    .await
}
