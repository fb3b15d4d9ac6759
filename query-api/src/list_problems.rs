use service::ProblemDetails;
use utoipa::IntoResponses;

/// The refusals that a read of all of the caller's things can meet, for the API document: a list may be empty.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum ListProblems {
    /// A parameter or header is malformed; the detail names it
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemDetails),
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDetails),
    /// The API key has not the scope `read`
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDetails),
    /// `X-Act-As` names nobody who has granted you access
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDetails),
    /// More requests than allowed; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(ProblemDetails),
    /// Not available at the moment; see Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDetails),
}
