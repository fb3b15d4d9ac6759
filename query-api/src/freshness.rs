use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use service::{
    CONSISTENCY_STALE, Prefer, Principal, Problem, TRAINER_CONSISTENCY, TrainerPosition, Waited,
    in_time,
};
use utoipa::IntoParams;

use crate::QueryState;

/// Lets a read wait until the rows show the event its `Trainer-Position` names. It answers in time with what there is,
/// and says so with `Trainer-Consistency: stale`, a 404 too: what is not found may only not be there yet.
///
/// Takes a [`Principal`] so that nobody unknown keeps us waiting.
pub(crate) async fn await_position(
    State(state): State<QueryState>,
    _: Principal,
    position: Option<TrainerPosition>,
    prefer: Prefer,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let waited = match position {
        Some(TrainerPosition(position)) => {
            state
                .read_models
                .wait_for(position, prefer.consistency_wait().unwrap_or(Duration::ZERO))
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

/// The request headers that [`await_position`] reads, for the API document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "tells OpenAPI what the extractors read")]
pub(crate) struct FreshnessHeaders {
    /// The `Trainer-Position` of a write: the answer waits until it shows that write, for 2 seconds at most. If it
    /// cannot, it has `Trainer-Consistency: stale`.
    #[param(rename = "Trainer-Position", minimum = 0)]
    trainer_position: Option<u64>,
    /// `wait=<seconds>` bounds that wait, up to 30; `respond-async` skips it.
    #[param(rename = "Prefer", example = "wait=5")]
    prefer: Option<String>,
}
