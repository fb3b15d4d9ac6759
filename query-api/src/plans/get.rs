use axum::extract::State;
use axum::response::Response;
use domain::PlanId;
use http::HeaderMap;
use service::resource::PlanResource;
use service::{PathId, Problem, ReadProblems};

use super::row::PlanRow;
use crate::QueryState;
use crate::freshness::FreshnessHeaders;
use crate::reader::Reader;
use crate::versioned::versioned;

/// One plan
#[utoipa::path(
    get,
    path = "/api/v1/plans/{id}",
    operation_id = "get_plan",
    tag = "plans",
    params(
        ("id" = Uuid, Path, description = "The plan's id"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version the client has"),
        FreshnessHeaders,
    ),
    responses(
        (status = 200, description = "The plan", body = PlanResource,
            headers(("ETag" = String, description = "The plan's version in quotes"))),
        (status = 304, description = "The client has this version"),
        ReadProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn get_plan(
    State(state): State<QueryState>,
    reader: Reader,
    PathId(plan_id): PathId<PlanId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = sqlx::query_as!(
        PlanRow,
        "select plan_id, name, description, start_date, end_date, goal_race_date, goal_race_distance_m, status,
                workout_count, version, created_at, updated_at
           from plans
          where plan_id = $1 and owner_id = $2",
        plan_id.0,
        reader.owner.0,
    )
    .fetch_optional(&state.pool)
    .await?;
    let plan = PlanResource::try_from(row.ok_or_else(|| Problem::not_found("plan"))?)?;
    Ok(versioned(&headers, plan.version, plan))
}
