use axum::extract::State;
use axum::response::Response;
use domain::WorkoutId;
use http::HeaderMap;
use service::resource::{WorkoutResource, WorkoutState};
use service::{PathId, Problem, ReadProblems};

use super::row::WorkoutRow;
use crate::QueryState;
use crate::freshness::FreshnessHeaders;
use crate::reader::Reader;
use crate::versioned::{unconditional, versioned};

/// One workout
#[utoipa::path(
    get,
    path = "/api/v1/workouts/{id}",
    operation_id = "get_workout",
    tag = "workouts",
    params(
        ("id" = Uuid, Path, description = "The workout's id"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version the client has"),
        FreshnessHeaders,
    ),
    responses(
        (status = 200, description = "The workout", body = WorkoutResource,
            headers(("ETag" = String, description = "The workout's version in quotes"))),
        (status = 304, description = "The client has this version; never answered for a missed workout"),
        ReadProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(workout.id = %workout_id))]
pub(crate) async fn get_workout(
    State(state): State<QueryState>,
    reader: Reader,
    PathId(workout_id): PathId<WorkoutId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = sqlx::query_as!(
        WorkoutRow,
        "select workout_id, plan_id, name, workout_type, description, scheduled_date, distance_m, duration_minutes,
                target_pace_fast_s_per_km, target_pace_slow_s_per_km, status, run_id, version, created_at, updated_at
           from workouts
          where workout_id = $1 and owner_id = $2",
        workout_id.0,
        reader.owner.0,
    )
    .fetch_optional(&state.pool)
    .await?;
    let workout = row.ok_or_else(|| Problem::not_found("workout"))?.on(state.calendar.today())?;
    Ok(match workout.status {
        // A workout becomes missed by the passing of a day, which is no new version: the client may have it as planned.
        WorkoutState::Missed => unconditional(workout.version, workout),
        WorkoutState::Planned | WorkoutState::Completed | WorkoutState::Skipped => {
            versioned(&headers, workout.version, workout)
        }
    })
}
