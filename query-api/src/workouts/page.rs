use chrono::NaiveDate;
use domain::plan::WorkoutType;
use domain::{OwnerId, PlanId};
use serde::{Deserialize, Serialize};
use service::resource::{WorkoutResource, WorkoutState, workout_state_schema, workout_type_schema};
use service::{Listing, Page, Problem};
use utoipa::IntoParams;
use uuid::Uuid;

use super::row::WorkoutRow;
use crate::QueryState;
use crate::day_range::DayRange;
use crate::unreadable_row::UnreadableRow;

/// Which of the user's workouts are looked through.
pub(super) enum Scope {
    AllPlans,
    Plan(PlanId),
}

/// Which of them are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkoutFilters {
    /// What kind of training they are.
    #[param(schema_with = workout_type_schema)]
    workout_type: Option<WorkoutType>,
    /// Where they stand today.
    #[param(schema_with = workout_state_schema)]
    status: Option<WorkoutState>,
}

/// What the list is sorted by.
#[derive(Debug, Serialize, Deserialize)]
struct SortKey {
    #[serde(
        default,
        deserialize_with = "service::query::date",
        skip_serializing_if = "Option::is_none"
    )]
    scheduled_date: Option<NaiveDate>,
    name: String,
    workout_id: Uuid,
}

impl SortKey {
    fn of(workout: &WorkoutResource) -> Self {
        Self {
            scheduled_date: workout.scheduled_date,
            name: workout.name.clone(),
            workout_id: workout.id,
        }
    }
}

/// One page of a user's workouts.
pub(super) async fn page_of_workouts(
    state: &QueryState,
    owner: OwnerId,
    scope: Scope,
    days: DayRange,
    filters: &WorkoutFilters,
    page: &Page,
) -> Result<Listing<WorkoutResource>, Problem> {
    let today = state.calendar.today();
    let after = page.after::<SortKey>()?;

    // The statement for both indexes, workouts_by_day and workouts_by_plan; they differ in their first column. Each
    // bound is compared with in any case, so that the index finds the page's beginning and end.
    macro_rules! page_in {
        ($scope:literal, $plan:expr) => {
            sqlx::query_as!(
                WorkoutRow,
                "select workout_id, plan_id, name, workout_type, description, scheduled_date, distance_m,
                        duration_minutes, target_pace_fast_s_per_km, target_pace_slow_s_per_km, status, run_id,
                        version, created_at, updated_at
                   from workouts
                  where owner_id = $1 and "
                    + $scope
                    + " and coalesce(scheduled_date, 'infinity'::date) >= coalesce($3::date, '-infinity')
                    and coalesce(scheduled_date, 'infinity'::date) <= coalesce($4::date, 'infinity')
                    and (scheduled_date is not null or $3::date is null)
                    and ($5::text is null or workout_type = $5)
                    and ($6::text is null
                         or case when status = 'planned' and scheduled_date < $7 then 'missed' else status end = $6)
                    and (coalesce(scheduled_date, 'infinity'::date), name, workout_id)
                        > (case when $10::uuid is null then '-infinity' else coalesce($8::date, 'infinity') end,
                           coalesce($9::text, ''),
                           coalesce($10::uuid, '00000000-0000-0000-0000-000000000000'))
                  order by coalesce(scheduled_date, 'infinity'::date), name, workout_id
                  limit $11",
                owner.0,
                $plan,
                days.from,
                days.to,
                filters.workout_type.map(WorkoutType::as_str),
                filters.status.map(WorkoutState::as_str),
                today,
                after.as_ref().and_then(|after| after.scheduled_date),
                after.as_ref().map(|after| &after.name),
                after.as_ref().map(|after| after.workout_id),
                page.fetch(),
            )
            .fetch_all(&state.pool)
            .await?
        };
    }
    let rows = match scope {
        Scope::AllPlans => page_in!("$2::uuid is null", None::<Uuid>),
        Scope::Plan(plan_id) => page_in!("plan_id = $2", plan_id.0),
    };
    let workouts =
        rows.into_iter().map(|row| row.on(today)).collect::<Result<Vec<_>, UnreadableRow>>()?;
    Listing::of(workouts, page, SortKey::of, |workout| workout)
}
