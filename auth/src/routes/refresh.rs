use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use domain::Violation;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails, Sessions};
use utoipa::ToSchema;

use super::problems::BodyProblems;
use super::token_pair::{self, TokenPair};
use crate::activity::{self, By, Kind, Visitor};
use crate::sessions::{self, RefreshError, RefreshToken, Refreshed};
use crate::state::AuthState;

/// The refresh token of the last pair.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct RefreshRequest {
    /// As login or the last refresh gave it. It can be used once: whoever uses it again ends the session.
    refresh_token: String,
}

/// Go on with a session.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    operation_id = "refresh",
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "The next pair; the refresh token that was sent is used up", body = TokenPair),
        (status = 401, description = "The refresh token is unknown, used, expired or revoked", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn refresh(
    State(auth): State<AuthState>,
    visitor: Visitor,
    known: Option<Extension<Sessions>>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let mut fields = body.fields();
    let token = fields
        .required("refresh_token", text(|text| Ok::<_, Violation>(RefreshToken::presented(text))));
    let presented = fields.finish(|| token)?;
    let now = Utc::now();
    let refreshed = sessions::refresh(&auth.pool, &presented, now).await;
    if let Err(RefreshError::Reused(session_id, user_id)) = &refreshed {
        if let Some(Extension(known)) = known {
            known.end(session_id.0);
        }
        let by = By::Visitor(visitor);
        activity::keep(&auth.pool, *user_id, Kind::RefreshTokenReused, by, None).await;
    }
    let Refreshed { session_id, user_id, roles, token } = refreshed?;
    Ok(token_pair::answer(&auth, user_id, &roles, session_id, &token, now).await?)
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid | RefreshError::Reused(..) => {
                Self::wrong_credentials(error.to_string())
            }
            RefreshError::Failed(cause) => cause.into(),
        }
    }
}
