use projector::{Projection, ProjectorError};
use service::{Problem, ProblemDetails};
use utoipa::IntoResponses;

/// When to ask again while the process ends, in seconds.
pub(crate) const RETRY_AFTER_S: u64 = 5;

/// The refusals that an operator can meet, for the API document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum OperatorProblems {
    /// A parameter or path id is malformed
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] ProblemDetails),
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// You are no administrator
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
    /// There is no such projection, generation or parked stream
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemDetails),
    /// Somebody else is at it, or the rows are not such that it can be done
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] ProblemDetails),
    /// More requests than allowed; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(#[to_schema] ProblemDetails),
    /// Not available at the moment; see Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] ProblemDetails),
}

/// The refusal of a write under a key that was another one's.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum KeyProblems {
    /// The `Idempotency-Key` was used for another request
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(#[to_schema] ProblemDetails),
}

/// The projection of this name.
pub(crate) fn named(name: &str) -> Result<Projection, Problem> {
    Projection::named(name).ok_or_else(|| Problem::not_found("projection"))
}

/// What an operator is told when it cannot be done.
pub(crate) fn refused(error: ProjectorError) -> Problem {
    match error {
        ProjectorError::Database(error) => error.into(),
        ProjectorError::NoCheckpoint { generation, .. } => {
            Problem::not_found(&format!("{generation} generation of this projection"))
        }
        ProjectorError::Busy { .. }
        | ProjectorError::BegunBefore
        | ProjectorError::Behind { .. }
        | ProjectorError::Newer { .. }
        | ProjectorError::Outdated { .. }
        | ProjectorError::OtherTables { .. }
        | ProjectorError::HeldUpElsewhere { .. }
        | ProjectorError::Fenced => Problem::conflict(error.to_string()),
        ProjectorError::Event { .. } => {
            tracing::error!(%error, "an event cannot be applied, and its stream was not parked");
            Problem::internal()
        }
    }
}
