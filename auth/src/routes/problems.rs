//! What operations refuse, for the API document: each names the sets that fit it.

use service::ProblemDetails;
use utoipa::IntoResponses;

/// The refusals that anything can meet.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum Problems {
    /// More requests than allowed; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(#[to_schema] ProblemDetails),
    /// Not available at the moment; see Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] ProblemDetails),
}

/// The refusals that anything with a JSON body can meet.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum BodyProblems {
    /// Malformed JSON, header or id
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] ProblemDetails),
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    PayloadTooLarge(#[to_schema] ProblemDetails),
    /// The body is not JSON
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(#[to_schema] ProblemDetails),
    /// Fields are missing or wrong, all named at once, or the `Idempotency-Key` was used for another request
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(#[to_schema] ProblemDetails),
    /// More requests than allowed; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(#[to_schema] ProblemDetails),
    /// Not available at the moment; see Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] ProblemDetails),
}

/// The refusals that a write without a body can meet that takes an `Idempotency-Key`.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum KeyProblems {
    /// Malformed header or id
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] ProblemDetails),
    /// The `Idempotency-Key` was used for another request
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(#[to_schema] ProblemDetails),
}

/// The refusals that a list in pages can meet.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum PageProblems {
    /// A parameter is wrong
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] ProblemDetails),
}

/// The refusal of what is about somebody, or something of theirs.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum NotFound {
    /// There is no such thing, or it is not yours
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemDetails),
}

/// The refusal of whoever means another version.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum VersionProblems {
    /// If-Match names another version than the present one
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(#[to_schema] ProblemDetails),
}

/// Refuses whoever is nobody, or comes with an API key that is not for this.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum CallerProblems {
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// The API key has not the scope
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
}

/// Refuses whoever has no session.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum SessionProblems {
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// It takes a session: an API key cannot do this
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
}

/// Refuses whoever has no session, or has not proved for a while who they are.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum ProofProblems {
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// It takes a session whose owner has proved who they are
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
}

/// Refuses whoever is no administrator.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum AdminProblems {
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// You are no administrator
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
}
