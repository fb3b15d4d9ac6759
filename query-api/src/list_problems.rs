use service::ProblemDetails;
use utoipa::IntoResponses;

/// The refusals that a read of the caller's own things can meet, for the API document: there is no 404, a list may be
/// empty.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum ListProblems {
    /// A parameter or header is malformed; the detail names it
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemDetails),
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDetails),
    /// More requests than allowed; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(ProblemDetails),
    /// Not available at the moment; see Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDetails),
}
