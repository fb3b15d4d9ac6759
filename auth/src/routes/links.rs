//! `/api/v1/auth/links`: the providers that an account can be signed in to through.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use service::{JsonBody, KeyHeader, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::current_session::CurrentSession;
use super::oauth::{self, Authorization, GoRequest};
use super::problems::{
    BodyProblems, KeyProblems, NotFound, Problems, ProofProblems, SessionProblems,
};
use super::proof::ProvedSession;
use super::write_key::WriteKey;
use crate::activity::{self, By, Kind, Visitor};
use crate::keyed_requests::Answer;
use crate::links::{self, Link, Unlinked};
use crate::state::AuthState;

/// The providers that your account can be signed in to through.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Links {
    items: Vec<Link>,
    /// Always null: there are few.
    next_cursor: Option<String>,
}

/// The providers you can sign in through, the oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/auth/links",
    tag = "auth",
    operation_id = "list_links",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All of them", body = Links),
        SessionProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn list_links(
    State(auth): State<AuthState>,
    session: CurrentSession,
) -> Result<Json<Links>, Problem> {
    let items = links::list(&auth.pool, session.user_id).await?;
    Ok(Json(Links { items, next_cursor: None }))
}

/// Link a provider, to sign in through it.
///
/// Tells where to send the browser; the link is made when it comes back.
#[utoipa::path(
    post,
    path = "/api/v1/auth/links/{provider}",
    tag = "auth",
    operation_id = "begin_link",
    security(("bearer" = [])),
    request_body = GoRequest,
    params(("provider" = String, Path, description = "`google`, `strava`, or what the operator calls another one")),
    responses(
        (status = 200, description = "Where to send the browser", body = Authorization,
         headers(("Set-Cookie" = String, description = "Which the browser must bring back"))),
        ProofProblems,
        (status = 404, description = "Nobody signs in through this provider here", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn begin_link(
    State(auth): State<AuthState>,
    session: ProvedSession,
    Path(provider): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let redirect_uri = oauth::read(&body)?;
    let wanted_by = Some(session.session_id);
    let left = oauth::leave(&auth, &provider, redirect_uri.as_deref(), wanted_by).await?;
    Ok(oauth::told(&auth, left))
}

/// Take a link away.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/links/{provider}",
    tag = "auth",
    operation_id = "remove_link",
    security(("bearer" = [])),
    params(("provider" = String, Path, description = "As the list has it"), KeyHeader),
    responses(
        (status = 204, description = "Nobody signs in to the account through it any more"),
        ProofProblems,
        NotFound,
        (status = 409, description = "It is the only way to sign in: the account has no password of yours",
         body = ProblemDetails, content_type = "application/problem+json"),
        KeyProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn remove_link(
    State(auth): State<AuthState>,
    session: ProvedSession,
    visitor: Visitor,
    Path(provider): Path<String>,
    key: WriteKey,
) -> Result<Response, Problem> {
    let keyed = key.of(session.user_id, None);
    match links::unlink(&auth.pool, session.user_id, &provider, &keyed).await? {
        Unlinked::Gone(answer) => {
            if let Answer::First(()) = answer {
                let (by, provider) = (By::Visitor(visitor), Some(provider.as_str()));
                activity::keep(&auth.pool, session.user_id, Kind::Unlinked, by, provider).await;
                tracing::info!("unlinked");
            }
            Ok(answer.no_content())
        }
        Unlinked::None => Err(Problem::not_found("link")),
        Unlinked::LastWayIn => Err(Problem::conflict(
            "it is the only way to sign in: the account has no password of yours; reset the password first",
        )),
    }
}
