use chrono::{DateTime, NaiveDate, Utc};
use service::resource::{RunPace, RunResource, instant, kilometres, minutes, started_at};
use uuid::Uuid;

use crate::unreadable_row::UnreadableRow;

/// A row of `runs`, its owner left out.
pub(super) struct RunRow {
    pub(super) run_id: Uuid,
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

impl TryFrom<RunRow> for RunResource {
    type Error = UnreadableRow;

    fn try_from(row: RunRow) -> Result<Self, UnreadableRow> {
        let RunPace { average_pace, pace } =
            RunPace::of(row.distance_m, row.duration_s).ok_or(UnreadableRow::NoDistance)?;
        Ok(Self {
            id: row.run_id,
            plan_id: row.plan_id,
            workout_id: row.workout_id,
            actual_date: row.actual_date,
            started_at: row.started_at.map(|at| started_at(at, row.started_offset_s)),
            distance_km: kilometres(row.distance_m),
            duration_minutes: minutes(row.duration_s),
            duration_seconds: row.duration_s,
            average_pace,
            pace,
            average_heart_rate: row.average_heart_rate,
            max_heart_rate: row.max_heart_rate,
            elevation_gain_m: row.elevation_gain_m,
            perceived_effort: row.perceived_effort,
            is_race: row.is_race,
            notes: row.notes,
            source: row
                .source
                .parse()
                .map_err(|_| UnreadableRow::Word { column: "runs.source" })?,
            external_id: row.external_id,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
            version: row.version,
        })
    }
}
