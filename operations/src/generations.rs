//! Rebuilding, and taking back.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use projector::{
    Projection, ProjectorError, RebuildFrom, RebuildProgress, Rebuilt, Undertaking, undertake,
};
use serde::Deserialize;
use service::{ApiQuery, KeyHeader, Problem};
use tokio::sync::oneshot;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::OperationsState;
use crate::keyed::Write;
use crate::problems::{KeyProblems, OperatorProblems, RETRY_AFTER_S, named, refused};
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
    params(("name" = String, Path, description = "Its name"), RebuildOptions, KeyHeader),
    responses((status = 202, description = "It has begun", body = ProjectionStatus), OperatorProblems, KeyProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn rebuild_projection(
    State(state): State<OperationsState>,
    write: Write,
    Path(name): Path<String>,
    ApiQuery(options): ApiQuery<RebuildOptions>,
) -> Result<Response, Problem> {
    let projection = named(&name)?;
    let from =
        if options.from_start { RebuildFrom::TheBeginning } else { RebuildFrom::WhereItStopped };
    let undertaking = if options.keep_beside { Undertaking::Build } else { Undertaking::Rebuild };
    answer(&state, &write, Work { projection, undertaking, from }).await
}

/// Let the rows that served before serve again
///
/// They are brought up to date first. It goes on after the answer.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/rollback",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), KeyHeader),
    responses((status = 202, description = "It has begun", body = ProjectionStatus), OperatorProblems, KeyProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn roll_back_projection(
    State(state): State<OperationsState>,
    write: Write,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let (undertaking, from) = (Undertaking::Rollback, RebuildFrom::WhereItStopped);
    answer(&state, &write, Work { projection: named(&name)?, undertaking, from }).await
}

/// What outlives the request that asks for it.
#[derive(Debug, Clone, Copy)]
struct Work {
    projection: Projection,
    undertaking: Undertaking,
    from: RebuildFrom,
}

/// Starts work, once for its key, and answers how the projection stands.
async fn answer(state: &OperationsState, write: &Write, work: Work) -> Result<Response, Problem> {
    write.operator.notes(work.projection, work.undertaking.as_str());
    let answered = write.once(&state.pool, async |before| {
        if !before.begun {
            begin(state, work, before.request_id).await?;
        }
        Ok((StatusCode::ACCEPTED, status_of(state, work.projection).await?.0))
    });
    answered.await
}

/// Starts work; answers as soon as it has begun, or why it does not.
async fn begin(state: &OperationsState, work: Work, rebuild_id: Uuid) -> Result<(), Problem> {
    let (begun, has_begun) = oneshot::channel();
    let task = tokio::spawn(carry_out(state.clone(), work, rebuild_id, begun));
    if has_begun.await.is_ok() {
        return Ok(());
    }
    match task.await {
        Ok(Err(error)) => Err(refused(error)),
        Ok(Ok(Some(_done))) => Ok(()),
        Ok(Ok(None)) => Err(Problem::unavailable(RETRY_AFTER_S)),
        Err(_panicked) => Err(Problem::internal()),
    }
}

async fn carry_out(
    state: OperationsState,
    work: Work,
    rebuild_id: Uuid,
    begun: oneshot::Sender<()>,
) -> Result<Option<Rebuilt>, ProjectorError> {
    let Work { projection, undertaking, from } = work;
    let mut begun = Some(begun);
    let mut say = move |_: RebuildProgress| {
        if let Some(begun) = begun.take() {
            // Who asked may be gone.
            let _gone = begun.send(());
        }
    };
    let work = undertake(undertaking, projection, &state.pool, from, rebuild_id, &mut say);
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
