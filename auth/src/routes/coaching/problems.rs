use service::ProblemDetails;
use utoipa::IntoResponses;

/// Refuses whoever may not let a coach in, or ask for it.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum GrantProblems {
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// It takes a session, and on a coach's side the role `coach`
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
}

/// The refusal of what does not fit what there is between the two.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum AskProblems {
    /// There is an access already, or too many questions wait for an answer
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] ProblemDetails),
}
