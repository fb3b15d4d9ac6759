use std::time::Duration;

use axum::extract::FromRequestParts;
use domain::{OwnerId, Part};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use service::{
    Acting, CONSISTENCY_STALE, CoachScope, Prefer, Problem, ReadModels, TRAINER_CONSISTENCY,
    TrainerPosition, Waited,
};
use utoipa::IntoParams;

/// Somebody who reads their own things, or those of an athlete who has let them; and up to which event.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) owner: OwnerId,
    position: Option<TrainerPosition>,
    prefer: Prefer,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        use axum::extract::OptionalFromRequestParts;
        let Acting { owner, .. } = Acting::of(parts, CoachScope::View).await?;
        let position =
            <TrainerPosition as OptionalFromRequestParts<S>>::from_request_parts(parts, state)
                .await?;
        let Ok(prefer) = Prefer::from_request_parts(parts, state).await;
        Ok(Self { owner, position, prefer })
    }
}

impl Caller {
    /// Waits until the rows show the event that is asked for; the header of an answer that could not wait.
    pub(super) async fn wait(&self, read_models: &ReadModels) -> HeaderMap {
        let Some(TrainerPosition(position)) = self.position else { return HeaderMap::new() };
        let patience = self.prefer.consistency_wait().unwrap_or(Duration::ZERO);
        match read_models.wait_for(Part::of(self.owner), position, patience).await {
            Waited::Reached => HeaderMap::new(),
            Waited::TimedOut => stale(CONSISTENCY_STALE),
        }
    }
}

fn stale(word: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(TRAINER_CONSISTENCY, word)])
}

/// The request headers that every read takes, for the API document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "tells OpenAPI what the extractor reads")]
pub(super) struct ReadHeaders {
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
