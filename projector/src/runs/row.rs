use chrono::{DateTime, NaiveDate, Utc};
use domain::run::RunDetails;
use sqlx::PgConnection;
use uuid::Uuid;

/// A row of table `runs`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RunRow {
    pub(super) run_id: Uuid,
    pub(super) owner_id: Uuid,
    pub(super) plan_id: Option<Uuid>,
    pub(super) workout_id: Option<Uuid>,
    pub(super) actual_date: NaiveDate,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) started_offset_s: Option<i32>,
    pub(super) distance_m: i64,
    pub(super) duration_s: i64,
    pub(super) average_heart_rate: Option<i64>,
    pub(super) max_heart_rate: Option<i64>,
    pub(super) elevation_gain_m: Option<i64>,
    pub(super) perceived_effort: Option<i64>,
    pub(super) is_race: bool,
    pub(super) notes: Option<String>,
    pub(super) source: String,
    pub(super) external_id: Option<String>,
    pub(super) version: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
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
