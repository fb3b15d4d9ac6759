use axum::extract::State;
use axum::response::Response;
use domain::RunId;
use domain::run::{self, Source};
use service::resource::RunResource;
use service::{JsonBody, PathId, Problem, WriteProblems};
use uuid::Uuid;

use crate::CommandState;
use crate::document::{VersionHeader, WriteHeaders};
use crate::no_fields::NoFields;
use crate::requests::{
    MatchFields, NewRun, ReadRun, RunChanges, RunFields, match_fields, new_run, run_changes,
    whole_run,
};
use crate::transactions::{CorrectRun, DeleteRun, MatchRun, RecordRun, UnmatchRun, Unreadable};
use crate::write_request::{RunWrite, WriteRequest};

/// Record a run
///
/// For a workout, it completes it.
#[utoipa::path(
    post,
    path = "/api/v1/runs",
    tag = "Runs",
    security(("bearer" = [])),
    params(WriteHeaders),
    request_body = RunFields,
    responses((status = 201, description = "Recorded", body = RunResource), WriteProblems)
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn record_run(
    State(app): State<CommandState>,
    RunWrite(request): RunWrite,
    body: JsonBody,
) -> Result<Response, Problem> {
    let today = app.today();
    let NewRun { details, workout_id, duration_field } = new_run(&body, today)?;
    let record = run::RecordRun {
        run_id: RunId(Uuid::now_v7()),
        owner_id: request.acting.owner,
        source: Source::Manual,
        external_id: None,
        details,
        today,
        duration_field,
    };
    Ok(app.carry_out(request, Some(&body), RecordRun { record, workout_id }).await?.created())
}

/// Replace a run
///
/// All fields: one that is left out is cleared, and without `workout_id` the run fulfils no workout.
#[utoipa::path(
    put,
    path = "/api/v1/runs/{id}",
    tag = "Runs",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run"), VersionHeader, WriteHeaders),
    request_body = RunFields,
    responses((status = 200, description = "As it is now", body = RunResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(run.id = %run_id))]
pub(crate) async fn replace_run(
    State(app): State<CommandState>,
    RunWrite(request): RunWrite,
    PathId(run_id): PathId<RunId>,
    body: JsonBody,
) -> Result<Response, Problem> {
    correct(app, request, run_id, &body, whole_run(&body)).await
}

/// Change a run
///
/// Some fields: one that is left out stays, null clears.
#[utoipa::path(
    patch,
    path = "/api/v1/runs/{id}",
    tag = "Runs",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run"), VersionHeader, WriteHeaders),
    request_body = RunChanges,
    responses((status = 200, description = "As it is now", body = RunResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(run.id = %run_id))]
pub(crate) async fn change_run(
    State(app): State<CommandState>,
    RunWrite(request): RunWrite,
    PathId(run_id): PathId<RunId>,
    body: JsonBody,
) -> Result<Response, Problem> {
    correct(app, request, run_id, &body, run_changes(&body)).await
}

async fn correct(
    app: CommandState,
    request: WriteRequest,
    run_id: RunId,
    body: &JsonBody,
    (read, unreadable): (ReadRun, Unreadable),
) -> Result<Response, Problem> {
    let ReadRun { revision, workout_id, duration_field } = read;
    let command = CorrectRun {
        run_id,
        precondition: request.precondition(),
        revision,
        workout_id,
        unreadable,
        today: app.today(),
        duration_field,
    };
    Ok(app.carry_out(request, Some(body), command).await?.ok())
}

/// Delete a run
///
/// The workout it fulfilled is reopened.
#[utoipa::path(
    delete,
    path = "/api/v1/runs/{id}",
    tag = "Runs",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run"), VersionHeader, WriteHeaders),
    responses((status = 204, description = "Deleted"), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(run.id = %run_id))]
pub(crate) async fn delete_run(
    State(app): State<CommandState>,
    RunWrite(request): RunWrite,
    PathId(run_id): PathId<RunId>,
) -> Result<Response, Problem> {
    let command = DeleteRun { run_id, precondition: request.precondition() };
    Ok(app.carry_out(request, None, command).await?.no_content())
}

/// Match a run with a workout
///
/// Completes the workout. A run that fulfils another one already is refused with 409, and so is a
/// workout that another run has completed.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{id}/match",
    tag = "Runs",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run"), VersionHeader, WriteHeaders),
    request_body = MatchFields,
    responses((status = 200, description = "As it is now", body = RunResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(run.id = %run_id))]
pub(crate) async fn match_run(
    State(app): State<CommandState>,
    RunWrite(request): RunWrite,
    PathId(run_id): PathId<RunId>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let workout_id = match_fields(&body)?;
    let command = MatchRun { run_id, precondition: request.precondition(), workout_id };
    Ok(app.carry_out(request, Some(&body), command).await?.ok())
}

/// Unmatch a run
///
/// Reopens the workout it fulfilled. A run that fulfils none is refused with 409.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{id}/unmatch",
    tag = "Runs",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run"), VersionHeader, WriteHeaders),
    responses((status = 200, description = "As it is now", body = RunResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(run.id = %run_id))]
pub(crate) async fn unmatch_run(
    State(app): State<CommandState>,
    RunWrite(request): RunWrite,
    PathId(run_id): PathId<RunId>,
    NoFields: NoFields,
) -> Result<Response, Problem> {
    let command = UnmatchRun { run_id, precondition: request.precondition() };
    Ok(app.carry_out(request, None, command).await?.ok())
}
