use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use domain::FieldViolation;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::problem_details::render;

/// The kinds of refusal a client can meet; each has one status and one `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// Malformed JSON, parameter, header or path id.
    BadRequest,
    /// No access token, or a bad one.
    Unauthorized,
    /// Known, but not allowed.
    Forbidden,
    /// The password was right, and a code is awaited.
    SecondFactorRequired,
    /// Allowed to whoever has just proved who they are.
    ProofRequired,
    /// Unknown, deleted, or another user's.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// At odds with the present state.
    Conflict,
    /// It was there, and has expired.
    Gone,
    /// `If-Match` names another version.
    PreconditionFailed,
    /// More bytes than are taken.
    PayloadTooLarge,
    /// A body in another format.
    UnsupportedMediaType,
    /// Bytes are asked for that it does not have.
    RangeNotSatisfiable,
    /// Fields are missing or wrong.
    Unprocessable,
    /// More requests than allowed.
    TooManyRequests,
    /// Our fault.
    Internal,
    /// Not now.
    Unavailable,
}

impl ProblemKind {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::SecondFactorRequired | Self::ProofRequired => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The stable identifier that programs compare. A URN: it names the kind and promises no page.
    #[must_use]
    pub fn type_uri(self) -> &'static str {
        match self {
            Self::BadRequest => "urn:running-trainer:problem:bad-request",
            Self::Unauthorized => "urn:running-trainer:problem:unauthorized",
            Self::Forbidden => "urn:running-trainer:problem:forbidden",
            Self::SecondFactorRequired => "urn:running-trainer:problem:second-factor-required",
            Self::ProofRequired => "urn:running-trainer:problem:proof-required",
            Self::NotFound => "urn:running-trainer:problem:not-found",
            Self::MethodNotAllowed => "urn:running-trainer:problem:method-not-allowed",
            Self::Conflict => "urn:running-trainer:problem:conflict",
            Self::Gone => "urn:running-trainer:problem:gone",
            Self::PreconditionFailed => "urn:running-trainer:problem:precondition-failed",
            Self::PayloadTooLarge => "urn:running-trainer:problem:payload-too-large",
            Self::UnsupportedMediaType => "urn:running-trainer:problem:unsupported-media-type",
            Self::RangeNotSatisfiable => "urn:running-trainer:problem:range-not-satisfiable",
            Self::Unprocessable => "urn:running-trainer:problem:unprocessable",
            Self::TooManyRequests => "urn:running-trainer:problem:too-many-requests",
            Self::Internal => "urn:running-trainer:problem:internal",
            Self::Unavailable => "urn:running-trainer:problem:unavailable",
        }
    }

    /// The same sentence for every problem of the kind.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request is malformed",
            Self::Unauthorized => "A valid access token is needed",
            Self::Forbidden => "This is not allowed",
            Self::SecondFactorRequired => "A code is needed to sign in",
            Self::ProofRequired => "A recent proof of who you are is needed",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The path does not take this method",
            Self::Conflict => "The request conflicts with the present state",
            Self::Gone => "It has expired",
            Self::PreconditionFailed => "It has changed in the meantime",
            Self::PayloadTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body has an unsupported format",
            Self::RangeNotSatisfiable => "It does not have these bytes",
            Self::Unprocessable => "Fields are missing or wrong",
            Self::TooManyRequests => "Too many requests",
            Self::Internal => "Something went wrong here",
            Self::Unavailable => "Not available at the moment",
        }
    }

    /// The kind that stands for a status, for answers that were not made from a [`Problem`].
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::GONE => Self::Gone,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::RANGE_NOT_SATISFIABLE => Self::RangeNotSatisfiable,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Unprocessable,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
}

/// A refusal as the client reads it: RFC 9457, `application/problem+json`.
///
/// A handler returns it; [`enveloped`](crate::enveloped) adds `instance` and `request_id`, which a handler need not
/// know.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub(crate) kind: ProblemKind,
    pub(crate) detail: Option<Cow<'static, str>>,
    pub(crate) errors: Vec<FieldViolation>,
    pub(crate) members: Map<String, Value>,
    // Boxed: a Problem is the error of most results here, and few carry headers.
    headers: Box<HeaderMap>,
}

impl Problem {
    /// A problem that says no more than its kind does.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        Self { kind, detail: None, errors: vec![], members: Map::new(), headers: Box::default() }
    }

    /// 400: malformed JSON, parameter, header or path id.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::BadRequest).detail(detail)
    }

    /// 401 to a request without credentials.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(ProblemKind::Unauthorized)
            .detail("send an access token as Authorization: Bearer")
            .header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Bearer realm="running-trainer""#),
            )
    }

    /// 401 to a request whose token is no good; `detail` says why, without quoting it.
    #[must_use]
    pub fn invalid_token(detail: &'static str) -> Self {
        let challenge = format!(
            r#"Bearer realm="running-trainer", error="invalid_token", error_description="{detail}""#
        );
        let challenge = HeaderValue::from_str(&challenge)
            .unwrap_or_else(|_| HeaderValue::from_static(r#"Bearer error="invalid_token""#));
        Self::new(ProblemKind::Unauthorized)
            .detail(detail)
            .header(header::WWW_AUTHENTICATE, challenge)
    }

    /// 401 to a login with a wrong e-mail or password.
    pub fn wrong_credentials(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::unauthorized().detail(detail)
    }

    /// 403: known, but not allowed.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Forbidden).detail(detail)
    }

    /// 404: unknown, deleted, or another user's; `what` as in `plan`.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemKind::NotFound).detail(format!("there is no such {what}"))
    }

    /// 405: the path exists, the method does not. The router adds `Allow`.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(ProblemKind::MethodNotAllowed)
    }

    /// 409: at odds with the present state.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Conflict).detail(detail)
    }

    /// 410: it was there, and has expired.
    pub fn gone(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Gone).detail(detail)
    }

    /// 412: `If-Match` names another version.
    #[must_use]
    pub fn precondition_failed() -> Self {
        Self::new(ProblemKind::PreconditionFailed)
            .detail("If-Match names another version than the present one")
    }

    /// 413: more bytes than are taken.
    #[must_use]
    pub fn payload_too_large(limit_bytes: usize) -> Self {
        Self::new(ProblemKind::PayloadTooLarge)
            .detail(format!("the body must be at most {limit_bytes} bytes"))
    }

    /// 415: a body in another format.
    pub fn unsupported_media_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::UnsupportedMediaType).detail(detail)
    }

    /// 416: bytes are asked for that it, of `size` bytes, does not have.
    #[must_use]
    pub fn range_not_satisfiable(size: u64) -> Self {
        let range = format!("bytes */{size}");
        let range = HeaderValue::try_from(range).expect("digits and ASCII are a header value");
        Self::new(ProblemKind::RangeNotSatisfiable)
            .detail(format!("it has {size} bytes"))
            .header(header::CONTENT_RANGE, range)
    }

    /// 422: fields are missing or wrong; name them all at once.
    #[must_use]
    pub fn unprocessable(errors: Vec<FieldViolation>) -> Self {
        let detail = match errors.as_slice() {
            // The body as a whole has no name.
            [only] => only.to_string().trim_start().to_owned(),
            all => format!("{} fields are missing or wrong", all.len()),
        };
        Self { errors, ..Self::new(ProblemKind::Unprocessable) }.detail(detail)
    }

    /// 422 that no single field is to blame for, such as an `Idempotency-Key` used for another request.
    pub fn unprocessable_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Unprocessable).detail(detail)
    }

    /// 429: more requests than allowed.
    #[must_use]
    pub fn too_many_requests(retry_after_s: u64) -> Self {
        Self::new(ProblemKind::TooManyRequests)
            .detail(format!("try again in {retry_after_s} s"))
            .header(header::RETRY_AFTER, retry_after_s.into())
    }

    /// 500: our fault. The cause belongs in the log and never in the answer.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(ProblemKind::Internal).detail("internal error")
    }

    /// 503: not now.
    #[must_use]
    pub fn unavailable(retry_after_s: u64) -> Self {
        Self::new(ProblemKind::Unavailable)
            .detail(format!("try again in {retry_after_s} s"))
            .header(header::RETRY_AFTER, retry_after_s.into())
    }

    /// The same problem, explained differently. Never put internals or another user's data here.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same problem with a member of its own, such as the ids of the workouts in the way.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        // What cannot be said as JSON is left out: the problem is still worth telling.
        if let Ok(value) = serde_json::to_value(value) {
            self.members.insert(name.to_owned(), value);
        }
        self
    }

    /// The same problem with a header.
    #[must_use]
    pub fn header(mut self, name: http::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The fields that are to blame, for a 422.
    #[must_use]
    pub fn errors(&self) -> &[FieldViolation] {
        &self.errors
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = render(&self, None);
        for (name, value) in self.headers.iter() {
            response.headers_mut().insert(name, value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}
