//! `/api/v1/coach/athletes`: a coach's athletes.

use axum::response::Response;
use service::{ApiQuery, JsonBody, KeyHeader, Listing, Page, PathId, Problem};
use uuid::Uuid;

use super::problems::{AskProblems, GrantProblems};
use super::requests::AskRequest;
use super::step::{Grant, OfCoach, Step};
use crate::coaching::Relation;
use crate::routes::problems::{
    BodyProblems, CallerProblems, KeyProblems, NotFound, PageProblems, Problems,
};

/// Ask an athlete whether you may coach them.
///
/// For role `coach`. To ask once more changes the scope of the question, which waits for thirty days. The address gets a
/// mail, if your own is verified, unless it had enough of them.
#[utoipa::path(
    post,
    path = "/api/v1/coach/athletes",
    tag = "coaching",
    operation_id = "ask_athlete",
    security(("bearer" = [])),
    request_body = AskRequest,
    params(KeyHeader),
    responses(
        (status = 202, description = "Asked, if there is such an account; the answer is the same if there is none",
         body = Relation),
        GrantProblems,
        AskProblems,
        BodyProblems,
    ),
)]
pub(super) async fn ask_athlete(
    Grant(step): Grant<OfCoach>,
    body: JsonBody,
) -> Result<Response, Problem> {
    step.ask(&body).await
}

/// Your athletes, those whom you have asked and those who invite you, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/coach/athletes",
    tag = "coaching",
    operation_id = "list_athletes",
    security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of them", body = Listing<Relation>), CallerProblems, PageProblems, Problems),
)]
pub(super) async fn list_athletes(
    step: Step<OfCoach>,
    page: ApiQuery<Page>,
) -> Result<Listing<Relation>, Problem> {
    step.list(page).await
}

/// Accept an athlete's invitation. For role `coach`.
///
/// To accept once more changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/coach/athletes/{id}/accept",
    tag = "coaching",
    operation_id = "accept_athlete",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id in the list"), KeyHeader),
    responses((status = 200, description = "Granted", body = Relation), GrantProblems, NotFound, KeyProblems, Problems),
)]
pub(super) async fn accept_athlete(
    Grant(step): Grant<OfCoach>,
    PathId(id): PathId<Uuid>,
) -> Result<Response, Problem> {
    step.accept(id).await
}

/// Decline an athlete's invitation.
#[utoipa::path(
    post,
    path = "/api/v1/coach/athletes/{id}/decline",
    tag = "coaching",
    operation_id = "decline_athlete",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id in the list"), KeyHeader),
    responses((status = 204, description = "Declined"), CallerProblems, NotFound, KeyProblems, Problems),
)]
pub(super) async fn decline_athlete(
    step: Step<OfCoach>,
    PathId(id): PathId<Uuid>,
) -> Result<Response, Problem> {
    step.decline(id).await
}

/// End your access to an athlete, or take a question back.
///
/// An access opens nothing any more: here at once, in other processes within a second. What the coach did stays.
#[utoipa::path(
    delete,
    path = "/api/v1/coach/athletes/{id}",
    tag = "coaching",
    operation_id = "end_athlete",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id in the list"), KeyHeader),
    responses((status = 204, description = "Ended"), CallerProblems, NotFound, KeyProblems, Problems),
)]
pub(super) async fn end_athlete(
    step: Step<OfCoach>,
    PathId(id): PathId<Uuid>,
) -> Result<Response, Problem> {
    step.end(id).await
}
