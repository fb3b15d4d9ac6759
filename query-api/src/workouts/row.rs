use chrono::{DateTime, NaiveDate, Utc};
use domain::plan::WorkoutStatus;
use service::resource::{WorkoutResource, WorkoutState, instant, kilometres};
use uuid::Uuid;

use crate::unreadable_row::UnreadableRow;

/// A row of `workouts`, its owner left out.
pub(super) struct WorkoutRow {
    pub(super) workout_id: Uuid,
    pub(super) plan_id: Uuid,
    pub(super) name: String,
    pub(super) workout_type: String,
    pub(super) description: Option<String>,
    pub(super) scheduled_date: Option<NaiveDate>,
    pub(super) distance_m: Option<i64>,
    pub(super) duration_minutes: Option<i64>,
    pub(super) target_pace_fast_s_per_km: Option<i64>,
    pub(super) target_pace_slow_s_per_km: Option<i64>,
    pub(super) status: String,
    pub(super) run_id: Option<Uuid>,
    pub(super) version: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl WorkoutRow {
    /// The workout as it stands on `today`.
    pub(super) fn on(self, today: NaiveDate) -> Result<WorkoutResource, UnreadableRow> {
        let status = status(&self.status)?;
        Ok(WorkoutResource {
            id: self.workout_id,
            plan_id: self.plan_id,
            name: self.name,
            workout_type: self
                .workout_type
                .parse()
                .map_err(|_| UnreadableRow::Word { column: "workouts.workout_type" })?,
            description: self.description,
            scheduled_date: self.scheduled_date,
            distance_km: self.distance_m.map(kilometres),
            duration_minutes: self.duration_minutes,
            target_pace_fast_s_per_km: self.target_pace_fast_s_per_km,
            target_pace_slow_s_per_km: self.target_pace_slow_s_per_km,
            status: WorkoutState::on(today, status, self.scheduled_date),
            run_id: self.run_id,
            created_at: instant(self.created_at),
            updated_at: instant(self.updated_at),
            version: self.version,
        })
    }
}

/// The word of the column `workouts.status`.
pub(crate) fn status(word: &str) -> Result<WorkoutStatus, UnreadableRow> {
    [WorkoutStatus::Planned, WorkoutStatus::Completed, WorkoutStatus::Skipped]
        .into_iter()
        .find(|status| status.as_str() == word)
        .ok_or(UnreadableRow::Word { column: "workouts.status" })
}
