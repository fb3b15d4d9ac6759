use axum::Json;
use axum::extract::State;
use domain::{OwnerId, PlanId};
use service::{PathId, Problem, ReadProblems};

use super::PlanProgress;
use super::tally::Tally;
use crate::QueryState;
use crate::freshness::FreshnessHeaders;
use crate::reader::Reader;

/// How far a plan has come
///
/// Rest days are left out of every figure, so that `adherence_percentage` is `completed_workouts` of `total_workouts`.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/plans/{id}/progress",
    operation_id = "get_plan_progress",
    tag = "analytics",
    params(("id" = Uuid, Path, description = "The plan's id"), FreshnessHeaders),
    responses((status = 200, description = "The plan's progress", body = PlanProgress), ReadProblems),
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn get_progress(
    State(state): State<QueryState>,
    reader: Reader,
    PathId(plan_id): PathId<PlanId>,
) -> Result<Json<PlanProgress>, Problem> {
    progress(&state, reader.owner, plan_id).await
}

/// How far a plan has come
///
/// The same as `/api/v1/analytics/plans/{id}/progress`.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/plan/{id}",
    operation_id = "get_plan_progress_alias",
    tag = "analytics",
    params(("id" = Uuid, Path, description = "The plan's id"), FreshnessHeaders),
    responses((status = 200, description = "The plan's progress", body = PlanProgress), ReadProblems),
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn get_progress_by_its_other_path(
    State(state): State<QueryState>,
    reader: Reader,
    PathId(plan_id): PathId<PlanId>,
) -> Result<Json<PlanProgress>, Problem> {
    progress(&state, reader.owner, plan_id).await
}

async fn progress(
    state: &QueryState,
    owner: OwnerId,
    plan_id: PlanId,
) -> Result<Json<PlanProgress>, Problem> {
    let tally = Tally::of(&state.pool, owner, plan_id).await?;
    Ok(Json(PlanProgress::of(plan_id, &tally, state.calendar.today())))
}
