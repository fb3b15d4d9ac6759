use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use event_store::CommandContext;
use service::{Coaching, IfMatch, Problem, Sessions, TrainerPosition};

use super::problems::{Problems, ProofProblems, VersionProblems};
use super::proof::ProvedSession;
use crate::accounts::{self, EraseError, Erased};
use crate::state::AuthState;

/// Erase your account, and everything you have planned and run.
///
/// It cannot be undone. The account and its sessions are gone with the answer; plans, workouts and runs, their
/// events, and their messages on NATS are gone a moment later. What remains is the fact, under an id that means nobody.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/me",
    tag = "auth",
    operation_id = "erase_me",
    security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The version you want to erase")),
    responses(
        (status = 204, description = "The account is gone",
         headers(("Trainer-Position" = u64, description = "Of the event that says so"))),
        ProofProblems,
        VersionProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn erase_me(
    State(auth): State<AuthState>,
    session: ProvedSession,
    if_match: IfMatch,
    known: Option<Extension<Sessions>>,
    coaching: Option<Extension<Coaching>>,
) -> Result<(StatusCode, [(axum::http::HeaderName, axum::http::HeaderValue); 1]), Problem> {
    // Nothing that the client chose, such as its request id: the tombstone stays for ever.
    let context = CommandContext::new(session.user_id, "http");
    let Erased { sessions, accesses, position } =
        accounts::erase(&auth.pool, &context, &if_match).await?;
    if let Some(Extension(known)) = known {
        sessions.into_iter().for_each(|session_id| known.end(session_id));
    }
    if let Some(Extension(coaching)) = coaching {
        accesses.into_iter().for_each(|access_id| coaching.end(access_id));
    }
    tracing::info!(position, "account erased");
    Ok((StatusCode::NO_CONTENT, [TrainerPosition(position.unsigned_abs()).header()]))
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::VersionDiffers => Self::precondition_failed(),
            EraseError::NoAccount => Self::invalid_token("the access token has been revoked"),
            EraseError::Auth(cause) => cause.into(),
        }
    }
}
