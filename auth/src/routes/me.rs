use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Name;
use service::readers::text;
use service::{IfMatch, JsonBody, KeyHeader, Problem, etag, if_none_match};
use utoipa::ToSchema;

use super::current_session::Caller;
use super::problems::{BodyProblems, CallerProblems, Problems, VersionProblems};
use super::write_key::WriteKey;
use crate::accounts::{self, Profile, Rename, RenameError};
use crate::state::AuthState;

/// Kept by the client alone, and asked for again each time.
const PRIVATE: (axum::http::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));

/// Your own account.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "auth",
    operation_id = "get_me",
    security(("bearer" = [])),
    params(("If-None-Match" = Option<String>, Header, description = "The version you have")),
    responses(
        (status = 200, description = "Your account", body = Profile,
         headers(("ETag" = String, description = "The version"))),
        (status = 304, description = "You have this version"),
        CallerProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %caller.user_id))]
pub(super) async fn me(
    State(auth): State<AuthState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = accounts::find(&auth.pool, caller.user_id).await?.ok_or_else(no_account)?;
    let profile = Profile::from(account);
    let tag = [(header::ETAG, etag(profile.version)), PRIVATE];
    if if_none_match(&headers, profile.version) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(profile)).into_response())
}

/// What to change; what is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct ChangeMeRequest {
    /// What you want to be called; null takes the name away.
    #[schema(min_length = 1, max_length = 255, example = "Ann")]
    name: Option<String>,
}

/// Change your own account.
#[utoipa::path(
    patch,
    path = "/api/v1/auth/me",
    tag = "auth",
    operation_id = "change_me",
    security(("bearer" = [])),
    request_body = ChangeMeRequest,
    params(
        ("If-Match" = Option<String>, Header, description = "The version you want to change"),
        KeyHeader,
    ),
    responses(
        (status = 200, description = "Your account as it is now", body = Profile,
         headers(("ETag" = String, description = "The version"))),
        CallerProblems,
        VersionProblems,
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %caller.user_id))]
pub(super) async fn change_me(
    State(auth): State<AuthState>,
    caller: Caller,
    if_match: IfMatch,
    key: WriteKey,
    body: JsonBody,
) -> Result<Response, Problem> {
    let user_id = caller.user_id;
    let mut fields = body.fields();
    let name = fields.patch("name", text(Name::parse));
    let name = fields.finish(|| Some(name))?;
    let keyed = key.of(user_id, Some(&body));
    let answer = Rename { user_id, name, if_match, keyed }.execute(&auth.pool).await?;
    let tag = [(header::ETAG, etag(answer.body().version)), PRIVATE];
    Ok((tag, answer.into_json(StatusCode::OK)).into_response())
}

impl From<RenameError> for Problem {
    fn from(error: RenameError) -> Self {
        match error {
            RenameError::VersionDiffers => Self::precondition_failed(),
            RenameError::NoAccount => no_account(),
            RenameError::Keyed(cause) => cause.into(),
            RenameError::Auth(cause) => cause.into(),
        }
    }
}

/// The token outlived its account.
fn no_account() -> Problem {
    Problem::invalid_token("the access token has been revoked")
}
