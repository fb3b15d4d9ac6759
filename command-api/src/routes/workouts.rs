use axum::extract::State;
use axum::response::Response;
use domain::plan::WorkoutFields as Form;
use domain::{PlanId, WorkoutId};
use serde::Serialize;
use service::resource::WorkoutResource;
use service::{JsonBody, Listing, PathId, Problem, WriteProblems};
use utoipa::ToSchema;

use crate::CommandState;
use crate::answer::Done;
use crate::document::{VersionHeader, WriteHeaders};
use crate::no_fields::NoFields;
use crate::requests::{
    NewWorkouts, ReadWorkout, WorkoutChanges, WorkoutFields, WorkoutsFields, new_workout,
    new_workouts, whole_workout, workout_changes,
};
use crate::transactions::{
    RemoveWorkout, ReopenWorkout, ReviseWorkout, ScheduleWorkouts, SkipWorkout, UnreadableWorkouts,
};
use crate::write_request::{PlanWrite, WriteRequest};

/// Add a workout to a plan
///
/// Several on one day are allowed.
#[utoipa::path(
    post,
    path = "/api/v1/workouts",
    tag = "Workouts",
    security(("bearer" = [])),
    params(WriteHeaders),
    request_body = WorkoutFields,
    responses((status = 201, description = "Added", body = WorkoutResource), WriteProblems)
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn schedule_workout(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    body: JsonBody,
) -> Result<Response, Problem> {
    let (plan_id, workouts) = new_workout(&body);
    let Some(plan_id) = plan_id else {
        return Err(Problem::unprocessable(workouts.unreadable.0));
    };
    let done = schedule(&app, request, plan_id, &body, workouts).await?;
    done.only().map(Done::created).ok_or_else(Problem::internal)
}

/// Add workouts to a plan
///
/// One, or a list of up to 500 that is added as a whole or not at all.
#[utoipa::path(
    post,
    path = "/api/v1/plans/{id}/workouts",
    tag = "Workouts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The plan"), WriteHeaders),
    request_body = WorkoutsFields,
    responses(
        (status = 201, description = "Added: the workout, or for a list all of them in the order they were sent, \
            without `ETag` and `Location`", body = AddedWorkouts),
        WriteProblems
    )
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn schedule_workouts(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(plan_id): PathId<PlanId>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let workouts = new_workouts(&body, plan_id);
    let fields = workouts.fields;
    let done = schedule(&app, request, plan_id, &body, workouts).await?;
    match fields {
        Form::Single => done.only().map(Done::created).ok_or_else(Problem::internal),
        Form::List => Ok(done.all_created()),
    }
}

/// One added workout, or all of a list.
#[derive(ToSchema, Serialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "tells OpenAPI what is answered")]
pub(crate) enum AddedWorkouts {
    /// The one that was added.
    One(WorkoutResource),
    /// All that were added, in the order they were sent.
    Many(Listing<WorkoutResource>),
}

async fn schedule(
    app: &CommandState,
    request: WriteRequest,
    plan_id: PlanId,
    body: &JsonBody,
    workouts: NewWorkouts,
) -> Result<Done<Vec<WorkoutResource>>, Problem> {
    let NewWorkouts { workouts, days, fields, unreadable } = workouts;
    if !unreadable.0.is_empty() {
        let command = UnreadableWorkouts { plan_id, days, unreadable };
        return app.carry_out(request, Some(body), command).await;
    }
    let command = ScheduleWorkouts { plan_id, workouts, fields, today: app.today() };
    app.carry_out(request, Some(body), command).await
}

/// Replace a workout
///
/// All fields: one that is left out is cleared. It stays in its plan.
#[utoipa::path(
    put,
    path = "/api/v1/workouts/{id}",
    tag = "Workouts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The workout"), VersionHeader, WriteHeaders),
    request_body = WorkoutFields,
    responses((status = 200, description = "As it is now", body = WorkoutResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(workout.id = %workout_id))]
pub(crate) async fn replace_workout(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(workout_id): PathId<WorkoutId>,
    body: JsonBody,
) -> Result<Response, Problem> {
    revise(app, request, workout_id, &body, whole_workout(&body)).await
}

/// Change a workout
///
/// Some fields: one that is left out stays, null clears.
#[utoipa::path(
    patch,
    path = "/api/v1/workouts/{id}",
    tag = "Workouts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The workout"), VersionHeader, WriteHeaders),
    request_body = WorkoutChanges,
    responses((status = 200, description = "As it is now", body = WorkoutResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(workout.id = %workout_id))]
pub(crate) async fn change_workout(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(workout_id): PathId<WorkoutId>,
    body: JsonBody,
) -> Result<Response, Problem> {
    revise(app, request, workout_id, &body, workout_changes(&body)).await
}

async fn revise(
    app: CommandState,
    request: WriteRequest,
    workout_id: WorkoutId,
    body: &JsonBody,
    read: ReadWorkout,
) -> Result<Response, Problem> {
    let ReadWorkout { plan_id, revision, pace, unreadable } = read;
    let precondition = request.precondition();
    let today = app.today();
    let command =
        ReviseWorkout { workout_id, precondition, plan_id, revision, pace, unreadable, today };
    Ok(app.carry_out(request, Some(body), command).await?.ok())
}

/// Take a workout out of its plan
///
/// The run that fulfilled it stays, unmatched.
#[utoipa::path(
    delete,
    path = "/api/v1/workouts/{id}",
    tag = "Workouts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The workout"), VersionHeader, WriteHeaders),
    responses((status = 204, description = "Taken out"), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(workout.id = %workout_id))]
pub(crate) async fn remove_workout(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(workout_id): PathId<WorkoutId>,
) -> Result<Response, Problem> {
    let command = RemoveWorkout { workout_id, precondition: request.precondition() };
    Ok(app.carry_out(request, None, command).await?.no_content())
}

/// Skip a workout
///
/// Leaves it out on purpose. One that a run completed is refused with 409.
#[utoipa::path(
    post,
    path = "/api/v1/workouts/{id}/skip",
    tag = "Workouts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The workout"), VersionHeader, WriteHeaders),
    responses((status = 200, description = "As it is now", body = WorkoutResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(workout.id = %workout_id))]
pub(crate) async fn skip_workout(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(workout_id): PathId<WorkoutId>,
    NoFields: NoFields,
) -> Result<Response, Problem> {
    let precondition = request.precondition();
    let command = SkipWorkout { workout_id, precondition, today: app.today() };
    Ok(app.carry_out(request, None, command).await?.ok())
}

/// Take a skipped workout up again
///
/// One that a run completed is refused with 409: unmatch or delete the run instead.
#[utoipa::path(
    post,
    path = "/api/v1/workouts/{id}/reopen",
    tag = "Workouts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The workout"), VersionHeader, WriteHeaders),
    responses((status = 200, description = "As it is now", body = WorkoutResource), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(workout.id = %workout_id))]
pub(crate) async fn reopen_workout(
    State(app): State<CommandState>,
    PlanWrite(request): PlanWrite,
    PathId(workout_id): PathId<WorkoutId>,
    NoFields: NoFields,
) -> Result<Response, Problem> {
    let precondition = request.precondition();
    let command = ReopenWorkout { workout_id, precondition, today: app.today() };
    Ok(app.carry_out(request, None, command).await?.ok())
}
