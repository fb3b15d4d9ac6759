//! `/api/v1/admin/users`: for administrators.

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::Deserialize;
use service::{
    ApiQuery, IfMatch, JsonBody, KeyHeader, Listing, Page, PathId, Problem, ProblemDetails, Role,
    Sessions, etag,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::current_session::Administrator;
use super::problems::{
    AdminProblems, BodyProblems, KeyProblems, NotFound, PageProblems, Problems, VersionProblems,
};
use super::words::words;
use super::write_key::WriteKey;
use crate::accounts::{self, AdministerError, Administered, User};
use crate::activity::{self, By, Kind};
use crate::keyed_requests::Answer;
use crate::sessions::SessionId;
use crate::state::AuthState;

/// Which accounts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UserFilters {
    /// A part of their e-mail address or name, upper and lower case alike.
    q: Option<String>,
}

/// All accounts, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users",
    tag = "admin",
    operation_id = "list_users",
    security(("bearer" = [])),
    params(UserFilters, Page),
    responses(
        (status = 200, description = "A page of the accounts", body = Listing<User>),
        PageProblems,
        AdminProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(admin.id = %admin.user_id))]
pub(super) async fn list_users(
    State(auth): State<AuthState>,
    admin: Administrator,
    ApiQuery(filters): ApiQuery<UserFilters>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<User>, Problem> {
    let after = page.after::<(DateTime<Utc>, Uuid)>()?;
    let users = accounts::list(&auth.pool, filters.q.as_deref(), after, page.fetch()).await?;
    Listing::of(users, &page, |user| (user.created_at, user.user_id), |user| user)
}

/// One account.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users/{id}",
    tag = "admin",
    operation_id = "get_user",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The account's id")),
    responses(
        (status = 200, description = "The account", body = User, headers(("ETag" = String, description = "The version"))),
        (status = 400, description = "The id is no UUID", body = ProblemDetails, content_type = "application/problem+json"),
        AdminProblems,
        NotFound,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(admin.id = %admin.user_id))]
pub(super) async fn get_user(
    State(auth): State<AuthState>,
    admin: Administrator,
    PathId(user_id): PathId<OwnerId>,
) -> Result<Response, Problem> {
    let user = accounts::find_as_admin(&auth.pool, user_id).await?;
    Ok(answered(Answer::First(user.ok_or_else(|| Problem::not_found("user"))?)))
}

/// What somebody may do from now on.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct SetRolesRequest {
    /// All of the roles, at least one.
    #[schema(min_items = 1, example = json!(["athlete", "coach"]))]
    roles: Vec<Role>,
}

/// Say what somebody may do.
///
/// When a role is taken away, their sessions end.
#[utoipa::path(
    put,
    path = "/api/v1/admin/users/{id}/roles",
    tag = "admin",
    operation_id = "set_roles",
    security(("bearer" = [])),
    request_body = SetRolesRequest,
    params(("id" = Uuid, Path, description = "The account's id"),
           ("If-Match" = Option<String>, Header, description = "The version you want to change"), KeyHeader),
    responses(
        (status = 200, description = "The account", body = User, headers(("ETag" = String, description = "The version"))),
        AdminProblems,
        NotFound,
        (status = 409, description = "It would take your own role as administrator", body = ProblemDetails,
         content_type = "application/problem+json"),
        VersionProblems,
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(admin.id = %admin.user_id))]
pub(super) async fn put_roles(
    State(auth): State<AuthState>,
    admin: Administrator,
    PathId(user_id): PathId<OwnerId>,
    if_match: IfMatch,
    key: WriteKey,
    known: Option<Extension<Sessions>>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let mut fields = body.fields();
    let roles = fields.required("roles", |value| words(value, &Role::ALL, Role::as_str));
    let roles = fields.finish(|| roles)?;
    let (admin, keyed) = (admin.user_id, key.of(admin.user_id, Some(&body)));
    let Administered { user, ended } =
        accounts::set_roles(&auth.pool, admin, user_id, &roles, &if_match, &keyed).await?;
    if let Some(ended) = ended {
        end(known, &ended);
        tracing::info!(user.id = %user_id, ?roles, "roles set");
        let words: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        keep(&auth, user_id, Kind::RolesChanged, Some(&words.join(", "))).await;
    }
    Ok(answered(user))
}

/// Lock an account.
///
/// Its sessions end, and nobody may sign in with it. What it has stays.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{id}/lock",
    tag = "admin",
    operation_id = "lock_user",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The account's id"),
           ("If-Match" = Option<String>, Header, description = "The version you want to change"), KeyHeader),
    responses(
        (status = 200, description = "The account", body = User, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "It is your own", body = ProblemDetails, content_type = "application/problem+json"),
        AdminProblems,
        NotFound,
        VersionProblems,
        KeyProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(admin.id = %admin.user_id))]
pub(super) async fn lock(
    State(auth): State<AuthState>,
    admin: Administrator,
    PathId(user_id): PathId<OwnerId>,
    if_match: IfMatch,
    key: WriteKey,
    known: Option<Extension<Sessions>>,
) -> Result<Response, Problem> {
    let (admin, keyed) = (admin.user_id, key.of(admin.user_id, None));
    let Administered { user, ended } =
        accounts::set_locked(&auth.pool, admin, user_id, true, &if_match, &keyed).await?;
    if let Some(ended) = ended {
        end(known, &ended);
        tracing::info!(user.id = %user_id, "account locked");
        keep(&auth, user_id, Kind::Locked, None).await;
    }
    Ok(answered(user))
}

/// Let the owner of a locked account sign in again.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{id}/unlock",
    tag = "admin",
    operation_id = "unlock_user",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The account's id"),
           ("If-Match" = Option<String>, Header, description = "The version you want to change"), KeyHeader),
    responses(
        (status = 200, description = "The account", body = User, headers(("ETag" = String, description = "The version"))),
        AdminProblems,
        NotFound,
        VersionProblems,
        KeyProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(admin.id = %admin.user_id))]
pub(super) async fn unlock(
    State(auth): State<AuthState>,
    admin: Administrator,
    PathId(user_id): PathId<OwnerId>,
    if_match: IfMatch,
    key: WriteKey,
) -> Result<Response, Problem> {
    let (admin, keyed) = (admin.user_id, key.of(admin.user_id, None));
    let Administered { user, ended } =
        accounts::set_locked(&auth.pool, admin, user_id, false, &if_match, &keyed).await?;
    if ended.is_some() {
        tracing::info!(user.id = %user_id, "account unlocked");
        keep(&auth, user_id, Kind::Unlocked, None).await;
    }
    Ok(answered(user))
}

async fn keep(auth: &AuthState, user_id: OwnerId, kind: Kind, subject: Option<&str>) {
    activity::keep(&auth.pool, user_id, kind, By::Administrator, subject).await;
}

fn answered(user: Answer<User>) -> Response {
    ([(header::ETAG, etag(user.body().version))], user.into_json(StatusCode::OK)).into_response()
}

fn end(known: Option<Extension<Sessions>>, ended: &[SessionId]) {
    if let Some(Extension(known)) = known {
        ended.iter().for_each(|session_id| known.end(session_id.0));
    }
}

impl From<AdministerError> for Problem {
    fn from(error: AdministerError) -> Self {
        match error {
            AdministerError::NoAccount => Self::not_found("user"),
            AdministerError::VersionDiffers => Self::precondition_failed(),
            AdministerError::OneSelf => Self::conflict(error.to_string()),
            AdministerError::Keyed(cause) => cause.into(),
            AdministerError::Auth(cause) => cause.into(),
        }
    }
}
