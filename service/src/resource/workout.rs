use chrono::{DateTime, NaiveDate, Utc};
use domain::plan::{ScheduledWorkout, WorkoutType};
use domain::{PlanId, WorkoutId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{WorkoutState, instant, kilometres, workout_state_schema, workout_type_schema};

/// A workout of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Workout)]
pub struct WorkoutResource {
    /// Its id.
    pub id: Uuid,
    /// The plan it belongs to.
    pub plan_id: Uuid,
    /// What it is called.
    pub name: String,
    /// What kind of training it is.
    #[schema(schema_with = workout_type_schema)]
    pub workout_type: WorkoutType,
    /// How to do it.
    pub description: Option<String>,
    /// Its day, when it has one.
    pub scheduled_date: Option<NaiveDate>,
    /// How far, in kilometres.
    #[schema(example = 12.5)]
    pub distance_km: Option<f64>,
    /// How long, in whole minutes.
    pub duration_minutes: Option<i64>,
    /// The fastest pace that is meant, in seconds per kilometre.
    pub target_pace_fast_s_per_km: Option<i64>,
    /// The slowest pace that is meant, in seconds per kilometre.
    pub target_pace_slow_s_per_km: Option<i64>,
    /// Where it stands today.
    #[schema(schema_with = workout_state_schema)]
    pub status: WorkoutState,
    /// The run that fulfilled it.
    pub run_id: Option<Uuid>,
    /// When it was added to the plan.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change to it; also its `ETag`.
    pub version: i64,
}

impl WorkoutResource {
    /// A workout of a plan as it stands on `today` (the date in UTC).
    #[must_use]
    pub fn of(
        plan_id: PlanId,
        workout_id: WorkoutId,
        workout: &ScheduledWorkout,
        today: NaiveDate,
    ) -> Self {
        let ScheduledWorkout {
            content,
            scheduled_date,
            status,
            run_id,
            version,
            created_at,
            updated_at,
        } = workout;
        Self {
            id: workout_id.0,
            plan_id: plan_id.0,
            name: content.name.as_str().to_owned(),
            workout_type: content.workout_type,
            description: content.description.as_ref().map(|text| text.as_str().to_owned()),
            scheduled_date: *scheduled_date,
            distance_km: content.distance_m.map(|distance| kilometres(distance.metres().into())),
            duration_minutes: content.duration_minutes.map(|duration| duration.minutes().into()),
            target_pace_fast_s_per_km: content
                .target_pace_s_per_km
                .map(|pace| pace.fast.seconds().into()),
            target_pace_slow_s_per_km: content
                .target_pace_s_per_km
                .map(|pace| pace.slow.seconds().into()),
            status: WorkoutState::on(today, *status, *scheduled_date),
            run_id: run_id.map(|run_id| run_id.0),
            created_at: instant(*created_at),
            updated_at: instant(*updated_at),
            version: *version,
        }
    }
}
