use axum::extract::State;
use domain::{PlanId, WorkoutId};
use serde::Deserialize;
use service::resource::RunResource;
use service::{ApiQuery, Listing, Page, PathId, Problem, ReadProblems};
use utoipa::IntoParams;
use uuid::Uuid;

use super::page::{RunFilters, Scope, page_of_runs};
use crate::QueryState;
use crate::day_range::DayRange;
use crate::freshness::FreshnessHeaders;
use crate::list_problems::ListProblems;
use crate::plans::require_own_plan;
use crate::reader::Reader;

/// What the runs that are asked for fulfil.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Fulfilling {
    /// The workout they fulfil; of one that is not the caller's there are none.
    #[serde(default, deserialize_with = "service::query::id")]
    workout_id: Option<Uuid>,
    /// The plan of the workout they fulfil; of one that is not the caller's there are none.
    #[serde(default, deserialize_with = "service::query::id")]
    plan_id: Option<Uuid>,
}

impl Fulfilling {
    fn scope(self) -> Scope {
        match (self.workout_id, self.plan_id) {
            (None, None) => Scope::Everything,
            (None, Some(plan_id)) => Scope::Plan(PlanId(plan_id)),
            (Some(workout_id), plan_id) => {
                Scope::Workout(WorkoutId(workout_id), plan_id.map(PlanId))
            }
        }
    }
}

/// The caller's runs, the newest first
#[utoipa::path(
    get,
    path = "/api/v1/runs",
    operation_id = "list_runs",
    tag = "runs",
    params(DayRange, Fulfilling, RunFilters, Page, FreshnessHeaders),
    responses((status = 200, description = "A page of the runs", body = Listing<RunResource>), ListProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_runs(
    State(state): State<QueryState>,
    reader: Reader,
    ApiQuery(days): ApiQuery<DayRange>,
    ApiQuery(fulfilling): ApiQuery<Fulfilling>,
    ApiQuery(filters): ApiQuery<RunFilters>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<RunResource>, Problem> {
    page_of_runs(&state, reader.owner, fulfilling.scope(), days.checked()?, &filters, &page).await
}

/// The runs that fulfil a plan's workouts, the newest first
#[utoipa::path(
    get,
    path = "/api/v1/plans/{id}/runs",
    operation_id = "list_runs_of_plan",
    tag = "runs",
    params(
        ("id" = Uuid, Path, description = "The plan's id"),
        DayRange, RunFilters, Page, FreshnessHeaders,
    ),
    responses((status = 200, description = "A page of the runs", body = Listing<RunResource>), ReadProblems),
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn list_runs_of_plan(
    State(state): State<QueryState>,
    reader: Reader,
    PathId(plan_id): PathId<PlanId>,
    ApiQuery(days): ApiQuery<DayRange>,
    ApiQuery(filters): ApiQuery<RunFilters>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<RunResource>, Problem> {
    require_own_plan(&state.pool, reader.owner, plan_id).await?;
    page_of_runs(&state, reader.owner, Scope::Plan(plan_id), days.checked()?, &filters, &page).await
}
