use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::Part;
use service::{
    CONSISTENCY_STALE, Prefer, Problem, TRAINER_CONSISTENCY, TrainerPosition, Waited, in_time,
};
use utoipa::IntoParams;

use crate::QueryState;
use crate::reader::Reader;

/// Lets a read wait until the rows show the event its `Trainer-Position` names. It answers in time with what there is,
/// and says so with `Trainer-Consistency: stale`, a 404 too: what is not found may only not be there yet.
///
/// Takes a [`Reader`] so that nobody unknown keeps us waiting.
pub(crate) async fn await_position(
    State(state): State<QueryState>,
    reader: Reader,
    position: Option<TrainerPosition>,
    prefer: Prefer,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let part = Part::of(reader.owner);
    let waited = match position {
        Some(TrainerPosition(position)) => {
            state
                .read_models
                .wait_for(part, position, prefer.consistency_wait().unwrap_or(Duration::ZERO))
                .await
        }
        None => Waited::Reached,
    };
    let mut answer = in_time(next.run(request)).await?;
    match waited {
        Waited::Reached => {}
        Waited::TimedOut => {
            answer.headers_mut().insert(TRAINER_CONSISTENCY, CONSISTENCY_STALE);
        }
    }
    Ok(answer)
}

/// The request headers that every read takes, for the API document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "tells OpenAPI what the extractors read")]
pub(crate) struct FreshnessHeaders {
    /// The `Trainer-Position` of a write: the answer waits until it shows that write, for 2 seconds at most. If it
    /// cannot, it has `Trainer-Consistency: stale`.
    #[param(rename = "Trainer-Position", minimum = 0)]
    trainer_position: Option<u64>,
    /// The id of an athlete who has granted you access: what is read is theirs.
    #[param(rename = "X-Act-As", format = "uuid", nullable = false)]
    x_act_as: Option<String>,
    /// `wait=<seconds>` bounds that wait, up to 30; `respond-async` skips it.
    #[param(rename = "Prefer", example = "wait=5")]
    prefer: Option<String>,
}
