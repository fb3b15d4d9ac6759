use chrono::{DateTime, NaiveDate, Utc};
use domain::plan::{Plan, PlanStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{instant, kilometres, plan_status_schema};

/// A training plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanResource {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Its first day.
    pub start_date: NaiveDate,
    /// Its last day.
    pub end_date: NaiveDate,
    /// The day of the race it leads to.
    pub goal_race_date: Option<NaiveDate>,
    /// How long that race is, in kilometres.
    #[schema(example = 42.195)]
    pub goal_race_distance_km: Option<f64>,
    /// Where it stands.
    #[schema(schema_with = plan_status_schema)]
    pub status: PlanStatus,
    /// How many days it spans, first and last counted.
    pub duration_days: i64,
    /// How many workouts it holds.
    pub workout_count: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it or one of its workouts last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change to it or its workouts; also its `ETag`.
    pub version: i64,
}

impl PlanResource {
    /// A plan whose stream stands at `sequence`; `None` when it does not exist.
    #[must_use]
    pub fn of(plan: &Plan, sequence: i64) -> Option<Self> {
        let details = plan.details()?;
        Some(Self {
            id: plan.id()?.0,
            name: details.name.as_str().to_owned(),
            description: details.description.as_ref().map(|text| text.as_str().to_owned()),
            start_date: details.start_date,
            end_date: details.end_date,
            goal_race_date: details.goal_race_date,
            goal_race_distance_km: details
                .goal_race_distance_m
                .map(|distance| kilometres(distance.metres().into())),
            status: plan.status()?,
            duration_days: details.duration_days(),
            workout_count: i64::try_from(plan.workouts().len()).ok()?,
            created_at: instant(plan.created_at()?),
            updated_at: instant(plan.updated_at()),
            version: sequence,
        })
    }
}
