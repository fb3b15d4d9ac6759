use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::row::RunRow;
use super::totals::{Period, Sums};

/// Rows of `runs` as one array a column.
#[derive(Default)]
pub(super) struct RunColumns<'a> {
    pub(super) run_id: Vec<Uuid>,
    pub(super) owner_id: Vec<Uuid>,
    pub(super) plan_id: Vec<Option<Uuid>>,
    pub(super) workout_id: Vec<Option<Uuid>>,
    pub(super) actual_date: Vec<NaiveDate>,
    pub(super) started_at: Vec<Option<DateTime<Utc>>>,
    pub(super) started_offset_s: Vec<Option<i32>>,
    pub(super) distance_m: Vec<i64>,
    pub(super) duration_s: Vec<i64>,
    pub(super) average_heart_rate: Vec<Option<i64>>,
    pub(super) max_heart_rate: Vec<Option<i64>>,
    pub(super) elevation_gain_m: Vec<Option<i64>>,
    pub(super) perceived_effort: Vec<Option<i64>>,
    pub(super) is_race: Vec<bool>,
    pub(super) notes: Vec<Option<&'a str>>,
    pub(super) source: Vec<&'a str>,
    pub(super) external_id: Vec<Option<&'a str>>,
    pub(super) version: Vec<i64>,
    pub(super) created_at: Vec<DateTime<Utc>>,
    pub(super) updated_at: Vec<DateTime<Utc>>,
}

impl<'a> RunColumns<'a> {
    pub(super) fn of(rows: &'a [RunRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.run_id.push(row.run_id);
            columns.owner_id.push(row.owner_id);
            columns.plan_id.push(row.plan_id);
            columns.workout_id.push(row.workout_id);
            columns.actual_date.push(row.actual_date);
            columns.started_at.push(row.started_at);
            columns.started_offset_s.push(row.started_offset_s);
            columns.distance_m.push(row.distance_m);
            columns.duration_s.push(row.duration_s);
            columns.average_heart_rate.push(row.average_heart_rate);
            columns.max_heart_rate.push(row.max_heart_rate);
            columns.elevation_gain_m.push(row.elevation_gain_m);
            columns.perceived_effort.push(row.perceived_effort);
            columns.is_race.push(row.is_race);
            columns.notes.push(row.notes.as_deref());
            columns.source.push(&row.source);
            columns.external_id.push(row.external_id.as_deref());
            columns.version.push(row.version);
            columns.created_at.push(row.created_at);
            columns.updated_at.push(row.updated_at);
        }
        columns
    }
}

/// Changes of totals as one array a column.
#[derive(Default)]
pub(super) struct TotalColumns {
    pub(super) owner_id: Vec<Uuid>,
    pub(super) start_date: Vec<NaiveDate>,
    pub(super) runs: Vec<i64>,
    pub(super) distance_m: Vec<i64>,
    pub(super) duration_s: Vec<i64>,
    pub(super) elevation_gain_m: Vec<i64>,
}

impl TotalColumns {
    /// All changes but those of periods that are emptied; these are deleted.
    pub(super) fn of<'a>(
        changes: impl Iterator<Item = (&'a Period, &'a Sums)>,
        emptied: &[Period],
    ) -> Self {
        let mut columns = Self::default();
        for ((owner_id, start_date), sums) in
            changes.filter(|(period, _)| !emptied.contains(period))
        {
            // A run recorded and deleted within one batch leaves nothing behind.
            if *sums == Sums::default() {
                continue;
            }
            columns.owner_id.push(*owner_id);
            columns.start_date.push(*start_date);
            columns.runs.push(sums.runs);
            columns.distance_m.push(sums.distance_m);
            columns.duration_s.push(sums.duration_s);
            columns.elevation_gain_m.push(sums.elevation_gain_m);
        }
        columns
    }
}
