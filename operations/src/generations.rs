//! Rebuilding, and taking back.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use projector::{
    Projection, ProjectorError, RebuildFrom, RebuildProgress, Rebuilt, build, rebuild, rollback,
};
use serde::Deserialize;
use service::{ApiQuery, Problem};
use tokio::sync::oneshot;
use utoipa::IntoParams;

use crate::OperationsState;
use crate::operator::Operator;
use crate::problems::{OperatorProblems, named, refused};
use crate::projections::{ProjectionStatus, status_of};

/// How to rebuild.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RebuildOptions {
    /// Begin with the first event, even when an interrupted rebuild could go on.
    #[serde(default)]
    from_start: bool,
    /// Leave the new rows beside those that serve, to be compared; the next rebuild takes them.
    #[serde(default)]
    keep_beside: bool,
}

/// Build a projection anew
///
/// From all events, beside the rows that serve; then they change places. It goes on after the answer: the projection's
/// `next` says how far it is.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/rebuild",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), RebuildOptions),
    responses((status = 202, description = "It has begun", body = ProjectionStatus), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn rebuild_projection(
    State(state): State<OperationsState>,
    operator: Operator,
    Path(name): Path<String>,
    ApiQuery(options): ApiQuery<RebuildOptions>,
) -> Result<(StatusCode, Json<ProjectionStatus>), Problem> {
    let projection = named(&name)?;
    operator.notes(projection, "rebuild");
    let from =
        if options.from_start { RebuildFrom::TheBeginning } else { RebuildFrom::WhereItStopped };
    let work = if options.keep_beside { Work::Build(from) } else { Work::Rebuild(from) };
    begin(&state, projection, work).await?;
    Ok((StatusCode::ACCEPTED, status_of(&state, projection).await?))
}

/// Let the rows that served before serve again
///
/// They are brought up to date first. It goes on after the answer.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/rollback",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses((status = 202, description = "It has begun", body = ProjectionStatus), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn roll_back_projection(
    State(state): State<OperationsState>,
    operator: Operator,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<ProjectionStatus>), Problem> {
    let projection = named(&name)?;
    operator.notes(projection, "rollback");
    begin(&state, projection, Work::Rollback).await?;
    Ok((StatusCode::ACCEPTED, status_of(&state, projection).await?))
}

/// What outlives the request that asks for it.
#[derive(Debug, Clone, Copy)]
enum Work {
    Build(RebuildFrom),
    Rebuild(RebuildFrom),
    Rollback,
}

/// Starts work; answers as soon as it has begun, or why it does not.
async fn begin(state: &OperationsState, projection: Projection, work: Work) -> Result<(), Problem> {
    let (begun, has_begun) = oneshot::channel();
    let task = tokio::spawn(carry_out(state.clone(), projection, work, begun));
    if has_begun.await.is_ok() {
        return Ok(());
    }
    match task.await {
        Ok(Err(error)) => Err(refused(error)),
        Ok(Ok(_)) => Ok(()),
        Err(_panicked) => Err(Problem::internal()),
    }
}

async fn carry_out(
    state: OperationsState,
    projection: Projection,
    work: Work,
    begun: oneshot::Sender<()>,
) -> Result<Option<Rebuilt>, ProjectorError> {
    let mut begun = Some(begun);
    let mut say = move |_: RebuildProgress| {
        if let Some(begun) = begun.take() {
            // Who asked may be gone.
            let _gone = begun.send(());
        }
    };
    let work = async {
        match work {
            Work::Build(from) => build(projection, &state.pool, from, &mut say).await,
            Work::Rebuild(from) => rebuild(projection, &state.pool, from, &mut say).await,
            Work::Rollback => rollback(projection, &state.pool, &mut say).await,
        }
    };
    let done = state.shutdown.run_until_cancelled(work).await.transpose();
    match &done {
        Ok(Some(Rebuilt { events, elapsed, rested })) => {
            tracing::info!(
                projection = projection.name(),
                events,
                ?elapsed,
                ?rested,
                "rebuild done"
            );
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(projection = projection.name(), %error, "rebuild ended early");
        }
    }
    done
}
