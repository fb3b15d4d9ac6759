use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::StatusCode;
use projector::{
    ParkedStream, Projection, Unparked, drop_event, parked_stream, parked_streams_behind, retry,
    waiting_events,
};
use serde::{Deserialize, Serialize};
use service::{ApiQuery, KeyHeader, Listing, Page, Problem};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::OperationsState;
use crate::keyed::{Write, decide};
use crate::operator::Operator;
use crate::problems::{KeyProblems, OperatorProblems, named, refused};

/// A plan or run that waits because one of its events cannot be applied. Why, `trainer parked show` says on the server:
/// it may be about what a runner has recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Parked {
    /// The projection it is parked in.
    projection: String,
    /// `live`, `next` or `previous`.
    generation: String,
    /// What it is, such as `run`.
    aggregate_type: String,
    /// Its id.
    stream_id: Uuid,
    /// The position of the event that cannot be applied. It and all later ones of the stream wait.
    position: i64,
    /// The type of that event.
    event_type: String,
    /// Since when it waits.
    parked_at: DateTime<Utc>,
    /// How often it was tried.
    attempts: i32,
    /// When it was tried last.
    tried_at: DateTime<Utc>,
}

impl From<ParkedStream> for Parked {
    fn from(stream: ParkedStream) -> Self {
        Self {
            projection: stream.projection,
            generation: stream.generation,
            aggregate_type: stream.aggregate_type,
            stream_id: stream.stream_id,
            position: stream.position,
            event_type: stream.event_type,
            parked_at: stream.parked_at,
            attempts: stream.attempts,
            tried_at: stream.tried_at,
        }
    }
}

/// What is parked
///
/// Those that wait longest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/parked",
    tag = "operations",
    security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of them", body = Listing<Parked>), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_parked(
    State(state): State<OperationsState>,
    _operator: Operator,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<Parked>, Problem> {
    let parked = parked_streams_behind(&state.pool, page.after()?, page.fetch()).await?;
    Listing::of(parked, &page, ParkedStream::key, Parked::from)
}

/// A parked stream, and what waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParkedWithEvents {
    #[serde(flatten)]
    stream: Parked,
    /// Its events that wait, in order.
    events: Vec<WaitingEvent>,
}

/// An event that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingEvent {
    /// Its position.
    position: i64,
    /// Its place in the stream.
    sequence: i64,
    /// What happened.
    r#type: String,
    /// The version of its payload.
    version: String,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// Which stream in which projection.
#[derive(Debug, Deserialize)]
pub(crate) struct StreamPath {
    projection: String,
    stream_id: String,
}

impl StreamPath {
    fn read(&self) -> Result<(Projection, Uuid), Problem> {
        let id = Uuid::parse_str(&self.stream_id)
            .map_err(|_invalid| Problem::bad_request("the id is no UUID"))?;
        Ok((named(&self.projection)?, id))
    }
}

fn not_parked() -> Problem {
    Problem::not_found("parked stream")
}

/// A parked stream
#[utoipa::path(
    get,
    path = "/api/v1/admin/parked/{projection}/{stream_id}",
    tag = "operations",
    security(("bearer" = [])),
    params(("projection" = String, Path, description = "The projection"),
           ("stream_id" = Uuid, Path, description = "The plan or run")),
    responses((status = 200, description = "It, and what waits", body = ParkedWithEvents), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn get_parked(
    State(state): State<OperationsState>,
    _operator: Operator,
    Path(path): Path<StreamPath>,
) -> Result<Json<ParkedWithEvents>, Problem> {
    let (projection, id) = path.read()?;
    let stream = parked_stream(&state.pool, projection, id).await?.ok_or_else(not_parked)?;
    let events = waiting_events(&state.pool, &stream).await?;
    let events = events.iter().map(|event| WaitingEvent {
        position: event.position,
        sequence: event.sequence,
        r#type: event.event_type().to_owned(),
        version: event.event_version().to_owned(),
        recorded_at: event.recorded_at,
    });
    Ok(Json(ParkedWithEvents { events: events.collect(), stream: stream.into() }))
}

/// What came of trying a parked stream again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnparkReport {
    /// Whether it still waits.
    parked: bool,
    /// How many events were applied.
    applied: usize,
    /// Where it is stuck, if it is.
    position: Option<i64>,
}

impl From<Unparked> for UnparkReport {
    fn from(unparked: Unparked) -> Self {
        match unparked {
            Unparked::Whole { events } => Self { parked: false, applied: events, position: None },
            Unparked::Stuck { events, position, .. } => {
                Self { parked: true, applied: events, position: Some(position) }
            }
        }
    }
}

/// Try a parked stream again
///
/// Applies what waits, in order, as far as it can be applied.
#[utoipa::path(
    post,
    path = "/api/v1/admin/parked/{projection}/{stream_id}/retry",
    tag = "operations",
    security(("bearer" = [])),
    params(("projection" = String, Path, description = "The projection"),
           ("stream_id" = Uuid, Path, description = "The plan or run"), KeyHeader),
    responses((status = 200, description = "What came of it", body = UnparkReport), OperatorProblems, KeyProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn retry_parked(
    State(state): State<OperationsState>,
    write: Write,
    Path(path): Path<StreamPath>,
) -> Result<Response, Problem> {
    let (projection, id) = path.read()?;
    let retried = write.once(&state.pool, async |before| {
        write.operator.notes(projection, "retry a parked stream");
        let unparked = retry(&state.pool, projection, id).await.map_err(refused)?;
        // To whoever comes again without having got an answer: that it goes on.
        let whole = || before.came.then_some(Unparked::Whole { events: 0 });
        Ok((StatusCode::OK, report(unparked.or_else(whole))?))
    });
    retried.await
}

fn report(unparked: Option<Unparked>) -> Result<UnparkReport, Problem> {
    unparked.map(UnparkReport::from).ok_or_else(not_parked)
}

/// Which event is to be dropped.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DropParameters {
    /// Only the event at this position; 409 when another one holds the stream up by now
    #[param(minimum = 1)]
    position: Option<i64>,
}

/// Pass over the event that holds a parked stream up
///
/// For good, in rebuilds too; what waits behind it is applied. With a position, or an `Idempotency-Key`, it is that event or
/// none: so the same request may be sent again.
#[utoipa::path(
    post,
    path = "/api/v1/admin/parked/{projection}/{stream_id}/drop",
    tag = "operations",
    security(("bearer" = [])),
    params(("projection" = String, Path, description = "The projection"),
           ("stream_id" = Uuid, Path, description = "The plan or run"), DropParameters, KeyHeader),
    responses((status = 200, description = "What came of it", body = UnparkReport), OperatorProblems, KeyProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn drop_parked(
    State(state): State<OperationsState>,
    write: Write,
    Path(path): Path<StreamPath>,
    ApiQuery(DropParameters { position }): ApiQuery<DropParameters>,
) -> Result<Response, Problem> {
    let (projection, id) = path.read()?;
    let dropped = write.once(&state.pool, async |before| {
        write.operator.notes(projection, "drop an event");
        let position = match position.or(before.position) {
            Some(position) => position,
            None => {
                let parked = parked_stream(&state.pool, projection, id).await?;
                let position = parked.ok_or_else(not_parked)?.position;
                decide(&state.pool, before.request_id, position).await?
            }
        };
        let unparked = drop_event(&state.pool, projection, id, Some(position)).await;
        Ok((StatusCode::OK, report(unparked.map_err(refused)?)?))
    });
    dropped.await
}
