use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::StatusCode;
use projector::{
    Checkpoint, LatestRebuild, Projection, RebuildState, Share, Standing, pause, resume, standings,
};
use serde::Serialize;
use service::{ApiQuery, KeyHeader, Listing, Page, Problem};
use utoipa::ToSchema;

use crate::OperationsState;
use crate::keyed::Write;
use crate::operator::Operator;
use crate::problems::{KeyProblems, OperatorProblems, named, refused};

/// How a projection is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectionStatus {
    /// Its name.
    #[schema(example = "runs")]
    name: &'static str,
    /// In a word: `up_to_date`, `behind`, `paused`, `of_newer_version` or `of_older_version`.
    #[schema(example = "up_to_date")]
    state: &'static str,
    /// Since when it is paused, if it is.
    paused_at: Option<DateTime<Utc>>,
    /// The version of rows that this program makes.
    program_version: i32,
    /// The position of the last event there is.
    head: i64,
    /// The rows that queries read.
    live: GenerationStatus,
    /// How the work on them is divided among projectors.
    shares: Vec<ShareStatus>,
    /// The rows that are being built, or lie beside those that serve.
    next: Option<GenerationStatus>,
    /// The rows that served before.
    previous: Option<GenerationStatus>,
    /// How the latest rebuild, build or rollback went, whoever has begun it.
    rebuild: Option<RebuildStatus>,
}

/// How a rebuild, build or rollback stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RebuildStatus {
    /// `rebuild`, `build` (it stays beside the rows that serve) or `rollback`.
    #[schema(example = "rebuild")]
    kind: &'static str,
    /// `running`; `done`; `failed`, or `interrupted` when whoever was at it is gone: the next one goes on there.
    #[schema(example = "running")]
    state: &'static str,
    /// When it began.
    begun_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
    /// While it runs: events a second since it began.
    events_per_s: Option<f64>,
    /// While it runs: how many seconds it takes yet, at that rate.
    remaining_s: Option<f64>,
    /// When it is done: how many events were folded.
    events: Option<i64>,
    /// When it has failed: why.
    error: Option<String>,
}

impl RebuildStatus {
    fn of(standing: &Standing) -> Option<Self> {
        let LatestRebuild { undertaking, begun_at, state, .. } = standing.rebuild.as_ref()?;
        let running = standing.rate(Utc::now());
        let remaining = running.filter(|(_, rate)| *rate > 0.0);
        let (ended_at, events, error) = match state {
            RebuildState::Running | RebuildState::Interrupted => (None, None, None),
            RebuildState::Done { at, events } => (Some(*at), Some(*events), None),
            RebuildState::Failed { at, error } => (Some(*at), None, Some(error.clone())),
        };
        Some(Self {
            kind: undertaking.as_str(),
            state: state.as_str(),
            begun_at: *begun_at,
            ended_at,
            events_per_s: running.map(|(_, rate)| rate),
            remaining_s: remaining.map(|(at, rate)| standing.lag_of(at) as f64 / rate),
            events,
            error,
        })
    }
}

/// Where one set of a projection's rows stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GenerationStatus {
    /// The version of the program that made them.
    version: i32,
    /// Every event up to and with this one is in them, but those of parked streams.
    position: i64,
    /// How many events are not in them yet.
    lag_events: i64,
    /// How many plans or runs wait because one of their events cannot be applied.
    parked_streams: i64,
    /// When they last came further.
    updated_at: DateTime<Utc>,
}

/// Some of the 64 parts that events are spread over by runner, in the hands of one projector.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareStatus {
    /// The numbers of the parts.
    #[schema(example = "00-31")]
    parts: String,
    /// Every event of these parts up to and with this one is in the rows.
    position: i64,
    /// Whether a projector has it. One that has none is taken on within seconds, if any projector runs.
    held: bool,
}

impl ShareStatus {
    fn of(share: &Share) -> Self {
        let Share { parts, position, is_held, .. } = share;
        Self { parts: parts.to_string(), position: *position, held: *is_held }
    }
}

impl ProjectionStatus {
    fn of(standing: &Standing) -> Self {
        let status = |at: &Checkpoint| GenerationStatus {
            version: at.version,
            position: at.position,
            lag_events: standing.lag_of(at),
            parked_streams: at.parked_streams,
            updated_at: at.updated_at,
        };
        Self {
            name: standing.projection.name(),
            state: standing.state.as_str(),
            paused_at: standing.live.paused_at,
            program_version: standing.projection.version(),
            head: standing.head,
            live: status(&standing.live),
            shares: standing.shares.iter().map(ShareStatus::of).collect(),
            next: standing.next.as_ref().map(status),
            previous: standing.previous.as_ref().map(status),
            rebuild: RebuildStatus::of(standing),
        }
    }
}

/// How a projection is doing now.
pub(crate) async fn status_of(
    state: &OperationsState,
    projection: Projection,
) -> Result<Json<ProjectionStatus>, Problem> {
    let all = standings(&state.pool).await?;
    let standing = all.iter().find(|standing| standing.projection == projection);
    standing
        .map(|standing| Json(ProjectionStatus::of(standing)))
        .ok_or_else(|| Problem::not_found("projection"))
}

/// How the projections are doing
///
/// By name.
#[utoipa::path(
    get,
    path = "/api/v1/admin/projections",
    tag = "operations",
    security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of them", body = Listing<ProjectionStatus>), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_projections(
    State(state): State<OperationsState>,
    _operator: Operator,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<ProjectionStatus>, Problem> {
    let after: Option<String> = page.after()?;
    let mut all = standings(&state.pool).await?;
    let name = |standing: &Standing| standing.projection.name();
    all.retain(|standing| after.as_deref().is_none_or(|after| name(standing) > after));
    all.sort_unstable_by_key(name);
    Listing::of(all, &page, name, |standing| ProjectionStatus::of(&standing))
}

/// How a projection is doing
#[utoipa::path(
    get,
    path = "/api/v1/admin/projections/{name}",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, description = "The projection", body = ProjectionStatus), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn get_projection(
    State(state): State<OperationsState>,
    _operator: Operator,
    Path(name): Path<String>,
) -> Result<Json<ProjectionStatus>, Problem> {
    status_of(&state, named(&name)?).await
}

/// Keep a projection from going on
///
/// Until it is resumed, over restarts too. Commands succeed meanwhile, with `Trainer-Consistency: pending`.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/pause",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), KeyHeader),
    responses((status = 200, description = "The projection", body = ProjectionStatus), OperatorProblems, KeyProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn pause_projection(
    State(state): State<OperationsState>,
    write: Write,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let projection = named(&name)?;
    let paused = write.once(&state.pool, async |_| {
        pause(projection, &state.pool).await.map_err(refused)?;
        write.operator.notes(projection, "pause");
        Ok((StatusCode::OK, status_of(&state, projection).await?.0))
    });
    paused.await
}

/// Let a projection go on
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/resume",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), KeyHeader),
    responses((status = 200, description = "The projection", body = ProjectionStatus), OperatorProblems, KeyProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn resume_projection(
    State(state): State<OperationsState>,
    write: Write,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let projection = named(&name)?;
    let resumed = write.once(&state.pool, async |_| {
        resume(projection, &state.pool).await.map_err(refused)?;
        write.operator.notes(projection, "resume");
        Ok((StatusCode::OK, status_of(&state, projection).await?.0))
    });
    resumed.await
}
