use chrono::{DateTime, NaiveDate, Utc};
use service::resource::{PlanResource, instant, kilometres};
use uuid::Uuid;

use crate::unreadable_row::UnreadableRow;

/// A row of `plans`, its owner left out.
pub(super) struct PlanRow {
    pub(super) plan_id: Uuid,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) start_date: NaiveDate,
    pub(super) end_date: NaiveDate,
    pub(super) goal_race_date: Option<NaiveDate>,
    pub(super) goal_race_distance_m: Option<i64>,
    pub(super) status: String,
    pub(super) workout_count: i64,
    pub(super) version: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl TryFrom<PlanRow> for PlanResource {
    type Error = UnreadableRow;

    fn try_from(row: PlanRow) -> Result<Self, UnreadableRow> {
        Ok(Self {
            id: row.plan_id,
            name: row.name,
            description: row.description,
            start_date: row.start_date,
            end_date: row.end_date,
            goal_race_date: row.goal_race_date,
            goal_race_distance_km: row.goal_race_distance_m.map(kilometres),
            status: row
                .status
                .parse()
                .map_err(|_| UnreadableRow::Word { column: "plans.status" })?,
            duration_days: (row.end_date - row.start_date).num_days() + 1,
            workout_count: row.workout_count,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
            version: row.version,
        })
    }
}
