//! Rebuilding, taking back, comparing and verifying.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use projector::{
    Differences, Projection, ProjectorError, RebuildFrom, RebuildProgress, Rebuilt, build, diff,
    rebuild, rollback, verify,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{ApiQuery, Problem};
use tokio::sync::oneshot;
use utoipa::{IntoParams, ToSchema};

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

/// How much is named of what differs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExampleOptions {
    /// How many of the rows that differ are named, at most 1,000.
    #[serde(default = "twenty")]
    #[param(default = 20, maximum = 1000)]
    examples: u16,
}

fn twenty() -> u16 {
    20
}

impl ExampleOptions {
    fn examples(&self) -> usize {
        usize::from(self.examples.min(1_000))
    }
}

/// Where rows differ. What is in them is the runners': only the columns are named.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceReport {
    /// How many rows were compared, by table.
    rows: BTreeMap<&'static str, u64>,
    /// How many differ, by table; empty when all are equal.
    differing: BTreeMap<&'static str, u64>,
    /// The first of them.
    first: Vec<DifferingRow>,
}

/// A row that differs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferingRow {
    /// Its table.
    table: &'static str,
    /// The columns that tell rows apart, with their values.
    key: Value,
    /// `differs`, `missing` when only the other side has it, `surplus` when only the rows that serve have it.
    how: &'static str,
    /// The columns that differ.
    columns: Vec<String>,
}

impl From<Differences> for DifferenceReport {
    fn from(differences: Differences) -> Self {
        let first = differences.first.into_iter().map(|row| {
            let (how, columns) = match (&row.found, &row.compared) {
                (Some(Value::Object(found)), Some(_)) => {
                    ("differs", found.keys().cloned().collect())
                }
                (Some(_), _) => ("surplus", Vec::new()),
                (None, _) => ("missing", Vec::new()),
            };
            DifferingRow { table: row.table, key: row.key, how, columns }
        });
        Self { first: first.collect(), rows: differences.rows, differing: differences.differing }
    }
}

/// How the rows that serve compare with others.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiffReport {
    /// `next` or `previous`: what they are compared with.
    with: &'static str,
    /// The version of the program that made the rows that serve.
    live_version: i32,
    /// Where they are.
    live_position: i64,
    /// The version of the program that made the others.
    version: i32,
    /// Where those are.
    position: i64,
    /// What differs.
    differences: DifferenceReport,
}

/// Compare the rows that serve
///
/// With those that a rebuild has put beside them, or else with those that served before; at the same position, where
/// this program can bring them there.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/diff",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), ExampleOptions),
    responses((status = 200, description = "What differs", body = DiffReport), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn diff_projection(
    State(state): State<OperationsState>,
    operator: Operator,
    Path(name): Path<String>,
    ApiQuery(options): ApiQuery<ExampleOptions>,
) -> Result<Json<DiffReport>, Problem> {
    let projection = named(&name)?;
    operator.notes(projection, "diff");
    let diff =
        diff(projection, &state.pool, options.examples(), &mut |_| {}).await.map_err(refused)?;
    Ok(Json(DiffReport {
        with: diff.with,
        live_version: diff.live_version,
        live_position: diff.live_position,
        version: diff.version,
        position: diff.position,
        differences: diff.differences.into(),
    }))
}

/// Whether rows are what the events say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerifyReport {
    /// Whether they are.
    clean: bool,
    /// Where the rows are: every event up to and with this one was folded.
    position: i64,
    /// How many events were folded.
    events: u64,
    /// Positions of events that cannot be read, though their streams are not parked.
    unreadable: Vec<i64>,
    /// What differs.
    differences: DifferenceReport,
}

/// Verify a projection
///
/// Folds all events in memory and compares the result with the rows that serve, row by row.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/verify",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), ExampleOptions),
    responses((status = 200, description = "What was found", body = VerifyReport), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn verify_projection(
    State(state): State<OperationsState>,
    operator: Operator,
    Path(name): Path<String>,
    ApiQuery(options): ApiQuery<ExampleOptions>,
) -> Result<Json<VerifyReport>, Problem> {
    let projection = named(&name)?;
    operator.notes(projection, "verify");
    let verified =
        verify(projection, &state.pool, options.examples(), |_, _| {}).await.map_err(refused)?;
    Ok(Json(VerifyReport {
        clean: verified.is_clean(),
        position: verified.position,
        events: verified.events,
        unreadable: verified.unreadable,
        differences: verified.differences.into(),
    }))
}
