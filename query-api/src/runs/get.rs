use axum::extract::State;
use axum::response::Response;
use domain::RunId;
use http::HeaderMap;
use service::resource::RunResource;
use service::{PathId, Problem, ReadProblems};

use super::row::RunRow;
use crate::QueryState;
use crate::freshness::FreshnessHeaders;
use crate::reader::Reader;
use crate::versioned::versioned;

/// One run
#[utoipa::path(
    get,
    path = "/api/v1/runs/{id}",
    operation_id = "get_run",
    tag = "runs",
    params(
        ("id" = Uuid, Path, description = "The run's id"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version the client has"),
        FreshnessHeaders,
    ),
    responses(
        (status = 200, description = "The run", body = RunResource,
            headers(("ETag" = String, description = "The run's version in quotes"))),
        (status = 304, description = "The client has this version"),
        ReadProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(run.id = %run_id))]
pub(crate) async fn get_run(
    State(state): State<QueryState>,
    reader: Reader,
    PathId(run_id): PathId<RunId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = sqlx::query_as!(
        RunRow,
        "select run_id, plan_id, workout_id, actual_date, started_at, started_offset_s, distance_m, duration_s,
                average_heart_rate, max_heart_rate, elevation_gain_m, perceived_effort, is_race, notes, source,
                external_id, version, created_at, updated_at
           from runs
          where run_id = $1 and owner_id = $2",
        run_id.0,
        reader.owner.0,
    )
    .fetch_optional(&state.pool)
    .await?;
    let run = RunResource::try_from(row.ok_or_else(|| Problem::not_found("run"))?)?;
    Ok(versioned(&headers, run.version, run))
}
