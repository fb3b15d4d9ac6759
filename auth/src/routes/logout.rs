use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::Utc;
use service::{Problem, Sessions};

use super::current_session::CurrentSession;
use super::problems::{Problems, SessionProblems};
use crate::activity::{self, By, Kind, Visitor};
use crate::sessions::{self, Reason};
use crate::state::AuthState;

/// End the session that the access token belongs to.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "auth",
    operation_id = "logout",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The session has ended, with all its tokens"),
        SessionProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn logout(
    State(auth): State<AuthState>,
    session: CurrentSession,
    visitor: Visitor,
    known: Option<Extension<Sessions>>,
) -> Result<StatusCode, Problem> {
    let mut connection = auth.pool.acquire().await?;
    sessions::revoke(&mut connection, session.session_id, Reason::Logout, Utc::now()).await?;
    if let Some(Extension(known)) = known {
        known.end(session.session_id.0);
    }
    activity::keep(&auth.pool, session.user_id, Kind::SignedOut, By::Visitor(visitor), None).await;
    tracing::info!(session.id = %session.session_id, "logged out");
    Ok(StatusCode::NO_CONTENT)
}
