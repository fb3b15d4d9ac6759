use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoResponses, ToSchema};

use crate::Problem;

/// The body of every refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// What kind of problem this is; stable.
    #[schema(example = "urn:running-trainer:problem:not-found")]
    pub r#type: &'static str,
    /// The same sentence for every problem of the kind.
    #[schema(example = "There is no such thing")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// What is wrong this time.
    #[schema(example = "there is no such plan")]
    pub detail: String,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/api/v1/plans/019aa0f6-7a5c-7bd2-8a3e-53d3a1f0c111")]
    pub instance: Option<String>,
    /// The request's id, to be quoted when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "019aa0f7-0a4d-7c2b-9a33-0d5f4a7e9c20")]
    pub request_id: Option<String>,
    /// For a 422, every field that is missing or wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    #[serde(flatten)]
    #[schema(ignore)]
    members: Map<String, Value>,
}

/// A field of a request that is missing or wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// The field as the client wrote it; empty for the body as a whole.
    #[schema(example = "workouts[3].name")]
    pub field: String,
    /// A stable word for programs.
    #[schema(example = "too_long")]
    pub code: &'static str,
    /// A sentence for people.
    #[schema(example = "must be at most 255 characters long")]
    pub message: String,
}

/// Where and in which request a problem arose.
pub(crate) struct Occurrence<'a> {
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
}

pub(crate) fn render(problem: &Problem, occurrence: Option<Occurrence<'_>>) -> Response {
    let status = problem.kind.status();
    let details = ProblemDetails {
        r#type: problem.kind.type_uri(),
        title: problem.kind.title(),
        status: status.as_u16(),
        detail: problem.detail.as_deref().unwrap_or(problem.kind.title()).to_owned(),
        instance: occurrence.as_ref().map(|at| at.path.to_owned()),
        request_id: occurrence.as_ref().map(|at| at.request_id.to_owned()),
        errors: problem
            .errors
            .iter()
            .map(|error| ProblemField {
                field: error.field.clone(),
                code: error.code,
                message: error.message.clone(),
            })
            .collect(),
        members: problem.members.clone(),
    };
    let body = serde_json::to_vec(&details).expect("strings and JSON values always serialize");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The refusals every read can meet, for the API document.
#[derive(IntoResponses)]
pub enum ReadProblems {
    /// A parameter, header or path id is malformed
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] ProblemDetails),
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// The API key has not the scope `read`
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
    /// Unknown, deleted, or another user's who has not granted you access
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemDetails),
    /// More requests than allowed; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(#[to_schema] ProblemDetails),
    /// Not available at the moment; see Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] ProblemDetails),
}

/// The refusals every write can meet, for the API document.
#[derive(IntoResponses)]
pub enum WriteProblems {
    /// Malformed JSON, parameter, header or path id
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] ProblemDetails),
    /// No access token, or a bad one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemDetails),
    /// The API key has not the scope `write`, or the athlete has granted less than this takes
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
    /// Unknown, deleted, or another user's who has not granted you access
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemDetails),
    /// At odds with the present state
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] ProblemDetails),
    /// If-Match names another version than the present one
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(#[to_schema] ProblemDetails),
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    PayloadTooLarge(#[to_schema] ProblemDetails),
    /// The body is not JSON
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(#[to_schema] ProblemDetails),
    /// Fields are missing or wrong, all named at once
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(#[to_schema] ProblemDetails),
    /// More requests than allowed; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(#[to_schema] ProblemDetails),
    /// Not available at the moment; see Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] ProblemDetails),
}
