use axum::extract::State;
use domain::PlanId;
use serde::Deserialize;
use service::resource::WorkoutResource;
use service::{ApiQuery, Listing, Page, PathId, Problem, ReadProblems};
use utoipa::IntoParams;
use uuid::Uuid;

use super::page::{Scope, WorkoutFilters, page_of_workouts};
use crate::QueryState;
use crate::day_range::DayRange;
use crate::freshness::FreshnessHeaders;
use crate::list_problems::ListProblems;
use crate::plans::require_own_plan;
use crate::reader::Reader;

/// Whose workouts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfPlan {
    /// The plan they belong to; of one that is not the caller's there are none.
    #[serde(default, deserialize_with = "service::query::id")]
    plan_id: Option<Uuid>,
}

/// The caller's workouts, by date, then name; those without a date last
///
/// `from` and `to` are about the scheduled date: with either, workouts without one are left out.
#[utoipa::path(
    get,
    path = "/api/v1/workouts",
    operation_id = "list_workouts",
    tag = "workouts",
    params(OfPlan, DayRange, WorkoutFilters, Page, FreshnessHeaders),
    responses((status = 200, description = "A page of the workouts", body = Listing<WorkoutResource>), ListProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_workouts(
    State(state): State<QueryState>,
    reader: Reader,
    ApiQuery(OfPlan { plan_id }): ApiQuery<OfPlan>,
    ApiQuery(days): ApiQuery<DayRange>,
    ApiQuery(filters): ApiQuery<WorkoutFilters>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<WorkoutResource>, Problem> {
    let scope = plan_id.map_or(Scope::AllPlans, |plan_id| Scope::Plan(PlanId(plan_id)));
    page_of_workouts(&state, reader.owner, scope, days.checked()?, &filters, &page).await
}

/// A plan's workouts, by date, then name; those without a date last
///
/// `from` and `to` are about the scheduled date: with either, workouts without one are left out.
#[utoipa::path(
    get,
    path = "/api/v1/plans/{id}/workouts",
    operation_id = "list_workouts_of_plan",
    tag = "workouts",
    params(
        ("id" = Uuid, Path, description = "The plan's id"),
        DayRange, WorkoutFilters, Page, FreshnessHeaders,
    ),
    responses((status = 200, description = "A page of the workouts", body = Listing<WorkoutResource>), ReadProblems),
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn list_workouts_of_plan(
    State(state): State<QueryState>,
    reader: Reader,
    PathId(plan_id): PathId<PlanId>,
    ApiQuery(days): ApiQuery<DayRange>,
    ApiQuery(filters): ApiQuery<WorkoutFilters>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<WorkoutResource>, Problem> {
    require_own_plan(&state.pool, reader.owner, plan_id).await?;
    page_of_workouts(&state, reader.owner, Scope::Plan(plan_id), days.checked()?, &filters, &page)
        .await
}
