use axum::extract::State;
use axum::response::Response;
use domain::PlanId;
use domain::plan::{PlanRevision, PlanStatus};
use service::resource::PlanResource;
use service::{ApiQuery, JsonBody, PathId, Problem, WriteProblems};
use uuid::Uuid;

use crate::CommandState;
use crate::document::{VersionHeader, WriteHeaders};
use crate::requests::{
    NewPlan, PlanChanges, PlanFields, WorkoutsMove, new_plan, plan_changes, whole_plan,
};
use crate::transactions::{CreatePlan, DeletePlan, RevisePlan, Unreadable};
use crate::write_request::{PlanWrite, WriteRequest};

/// Create a plan
///
/// It begins as a draft, without workouts.
#[utoipa::path(
    post,
    path = "/api/v1/plans",
    tag = "Plans",
    security(("bearer" = [])),
    params(WriteHeaders),
    request_body = PlanFields,
    responses((status = 201, description = "Created", body = PlanResource), WriteProblems)
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn create_plan(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    body: JsonBody,
) -> Result<Response, Problem> {
    let NewPlan { details, status } = new_plan(&body)?;
    match status {
        PlanStatus::Draft => {}
        PlanStatus::Active | PlanStatus::Completed | PlanStatus::Abandoned => {
            return Err(Problem::conflict(
                "a plan begins as a draft; change its status afterwards",
            ));
        }
    }
    let plan_id = PlanId(Uuid::now_v7());
    let done = app.carry_out(request, Some(&body), CreatePlan { plan_id, details }).await?;
    Ok(done.created())
}

/// Replace a plan
///
/// All fields: one that is left out is cleared, only `status` stays as it is.
#[utoipa::path(
    put,
    path = "/api/v1/plans/{id}",
    tag = "Plans",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The plan"), WorkoutsMove, VersionHeader, WriteHeaders),
    request_body = PlanFields,
    responses((status = 200, description = "As it is now", body = PlanResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn replace_plan(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(plan_id): PathId<PlanId>,
    ApiQuery(workouts): ApiQuery<WorkoutsMove>,
    body: JsonBody,
) -> Result<Response, Problem> {
    revise(app, request, plan_id, workouts, &body, whole_plan(&body)).await
}

/// Change a plan
///
/// Some fields: one that is left out stays, null clears. Dates that would leave a workout outside the
/// plan are refused with 409, which names the workouts, unless `shift_workouts` takes them along.
#[utoipa::path(
    patch,
    path = "/api/v1/plans/{id}",
    tag = "Plans",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The plan"), WorkoutsMove, VersionHeader, WriteHeaders),
    request_body = PlanChanges,
    responses((status = 200, description = "As it is now", body = PlanResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn change_plan(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(plan_id): PathId<PlanId>,
    ApiQuery(workouts): ApiQuery<WorkoutsMove>,
    body: JsonBody,
) -> Result<Response, Problem> {
    revise(app, request, plan_id, workouts, &body, plan_changes(&body)).await
}

async fn revise(
    app: CommandState,
    request: WriteRequest,
    plan_id: PlanId,
    workouts: WorkoutsMove,
    body: &JsonBody,
    (revision, unreadable): (PlanRevision, Unreadable),
) -> Result<Response, Problem> {
    let precondition = request.precondition();
    let shift_workouts = workouts.shift();
    let command = RevisePlan { plan_id, precondition, revision, shift_workouts, unreadable };
    Ok(app.carry_out(request, Some(body), command).await?.ok())
}

/// Delete a plan
///
/// Its workouts go with it. The runs that fulfilled them stay, unmatched.
#[utoipa::path(
    delete,
    path = "/api/v1/plans/{id}",
    tag = "Plans",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The plan"), VersionHeader, WriteHeaders),
    responses((status = 204, description = "Deleted"), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn delete_plan(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(plan_id): PathId<PlanId>,
) -> Result<Response, Problem> {
    let command = DeletePlan { plan_id, precondition: request.precondition() };
    Ok(app.carry_out(request, None, command).await?.no_content())
}
