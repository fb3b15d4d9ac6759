//! `/api/v1/athlete/coaches`: an athlete's coaches.

use axum::response::Response;
use service::{ApiQuery, JsonBody, KeyHeader, Listing, Page, PathId, Problem, ProblemDetails};
use uuid::Uuid;

use super::problems::{AskProblems, GrantProblems};
use super::requests::{AskRequest, ScopeRequest};
use super::step::{Grant, OfAthlete, Step};
use crate::coaching::Relation;
use crate::routes::problems::{
    BodyProblems, CallerProblems, KeyProblems, NotFound, PageProblems, Problems,
};

/// Invite a coach.
///
/// The scopes: `view` sees plans, workouts, runs and analytics, `plan` also changes plans and workouts, `full` also runs. To
/// invite once more changes the scope of the invitation, which waits for thirty days. The address gets a mail, if your own
/// is verified, unless it had enough of them.
#[utoipa::path(
    post,
    path = "/api/v1/athlete/coaches",
    tag = "coaching",
    operation_id = "invite_coach",
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
pub(super) async fn invite_coach(
    Grant(step): Grant<OfAthlete>,
    body: JsonBody,
) -> Result<Response, Problem> {
    step.ask(&body).await
}

/// Your coaches, those whom you have invited and those who ask you, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/athlete/coaches",
    tag = "coaching",
    operation_id = "list_coaches",
    security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of them", body = Listing<Relation>), CallerProblems, PageProblems, Problems),
)]
pub(super) async fn list_coaches(
    step: Step<OfAthlete>,
    page: ApiQuery<Page>,
) -> Result<Listing<Relation>, Problem> {
    step.list(page).await
}

/// Let a coach who has asked act for you.
///
/// To accept once more changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/athlete/coaches/{id}/accept",
    tag = "coaching",
    operation_id = "accept_coach",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id in the list"), KeyHeader),
    responses((status = 200, description = "Granted", body = Relation), GrantProblems, NotFound, KeyProblems, Problems),
)]
pub(super) async fn accept_coach(
    Grant(step): Grant<OfAthlete>,
    PathId(id): PathId<Uuid>,
) -> Result<Response, Problem> {
    step.accept(id).await
}

/// Decline what a coach has asked.
#[utoipa::path(
    post,
    path = "/api/v1/athlete/coaches/{id}/decline",
    tag = "coaching",
    operation_id = "decline_coach",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id in the list"), KeyHeader),
    responses((status = 204, description = "Declined"), CallerProblems, NotFound, KeyProblems, Problems),
)]
pub(super) async fn decline_coach(
    step: Step<OfAthlete>,
    PathId(id): PathId<Uuid>,
) -> Result<Response, Problem> {
    step.decline(id).await
}

/// Change what a coach may do.
///
/// The coach keeps the access; the new scope counts here at once, in other processes within a second. The one they have
/// changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/athlete/coaches/{id}",
    tag = "coaching",
    operation_id = "change_coach",
    security(("bearer" = [])),
    request_body = ScopeRequest,
    params(("id" = Uuid, Path, description = "The id in the list"), KeyHeader),
    responses(
        (status = 200, description = "The coach as they are now", body = Relation),
        (status = 409, description = "It is not granted yet", body = ProblemDetails, content_type = "application/problem+json"),
        GrantProblems,
        NotFound,
        BodyProblems,
    ),
)]
pub(super) async fn change_coach(
    Grant(step): Grant<OfAthlete>,
    PathId(id): PathId<Uuid>,
    body: JsonBody,
) -> Result<Response, Problem> {
    step.change_scope(id, &body).await
}

/// End a coach's access, or take an invitation back.
///
/// An access opens nothing any more: here at once, in other processes within a second. What the coach did stays.
#[utoipa::path(
    delete,
    path = "/api/v1/athlete/coaches/{id}",
    tag = "coaching",
    operation_id = "end_coach",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id in the list"), KeyHeader),
    responses((status = 204, description = "Ended"), CallerProblems, NotFound, KeyProblems, Problems),
)]
pub(super) async fn end_coach(
    step: Step<OfAthlete>,
    PathId(id): PathId<Uuid>,
) -> Result<Response, Problem> {
    step.end(id).await
}
