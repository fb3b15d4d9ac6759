use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{Method, StatusCode, header};
use tracing::{Instrument, debug, field, info, info_span};

use crate::access_log::{Counted, Line};
use crate::problem_details::{Occurrence, render};
use crate::{
    AccessLog, CheapClones, Problem, ProblemKind, REQUEST_ID, RequestContext, UPLOAD_LIMIT_BYTES,
    metrics, panics_caught,
};

/// Puts a finished router into what every request gets on its way in and every answer on its way out.
///
/// A [`RequestContext`], a span and an access log line, figures for `/metrics`, `X-Request-Id`; a panic becomes a 500.
/// Every refusal becomes a [`Problem`] that knows its `instance` and `request_id`, whoever made it: the router's own
/// 404 and 405 (with `Allow`) and axum's rejections too. Apply it once, last.
pub fn enveloped(router: Router) -> Router {
    enveloped_with(router, AccessLog::default())
}

/// [`enveloped`], with a line in an access log for each request.
pub fn enveloped_with(router: Router, access_log: AccessLog) -> Router {
    panics_caught(router)
        .layer(DefaultBodyLimit::max(UPLOAD_LIMIT_BYTES))
        .layer((middleware::from_fn_with_state(access_log, envelope), CheapClones))
}

async fn envelope(
    State(access_log): State<AccessLog>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let context = RequestContext::of(request.headers());
    let path = request.uri().path().to_owned();
    let method = known_method(request.method());
    // The route and not the path: an id is nobody's business in a log, and endless in a metric.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = info_span!(
        "request",
        request.id = %context.request_id,
        http.method = method,
        http.route = route,
        // Who has answered, when it was another process, and how often somebody was asked, when more than once.
        upstream = field::Empty,
        attempts = field::Empty,
    );
    request.extensions_mut().insert(context.clone());
    // Asked again and again by machines, of which nobody wants to read as long as all is well.
    let by_machines = route.starts_with("/health") || route == "/metrics";
    let log = (!by_machines).then_some(&access_log);
    let line =
        log.and_then(|log| Line::begin(log, &mut request, &context.request_id, method, route));

    let answer = next.run(request).instrument(span.clone()).await;
    let _entered = span.enter();
    let mut answer = explained(answer, Occurrence { path: &path, request_id: &context.request_id });
    answer.headers_mut().insert(REQUEST_ID, context.header());

    let elapsed = started.elapsed();
    metrics::record_request(method, route, answer.status(), elapsed);
    let (status, elapsed_ms) = (answer.status(), elapsed.as_secs_f64() * 1000.0);
    if by_machines && status.is_success() {
        debug!(http.status = status.as_u16(), elapsed_ms, "request answered");
    } else {
        info!(http.status = status.as_u16(), elapsed_ms, "request answered");
    }
    match line {
        Some(mut line) => {
            line.answered(answer.status());
            answer.map(|body| Body::new(Counted::new(body, line)))
        }
        None => answer,
    }
}

/// The answer, with its problem told in full.
fn explained(mut answer: Response, occurrence: Occurrence<'_>) -> Response {
    let problem = match answer.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_unexplained(&answer) => {
            let problem = Problem::new(ProblemKind::of_status(answer.status()));
            match detail_of(answer.status()) {
                Some(detail) => problem.detail(detail),
                None => problem,
            }
        }
        None => return answer,
    };
    let (mut parts, body) = render(&problem, Some(occurrence)).into_parts();
    // An empty answer to HEAD keeps its headers, and hyper leaves its body out.
    for (name, value) in answer.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            parts.headers.insert(name, value.clone());
        }
    }
    Response::from_parts(parts, body)
}

/// Whether it is a refusal without words for programs: empty, or axum's plain text.
fn is_unexplained(answer: &Response) -> bool {
    let status = answer.status();
    let wordless = match answer.headers().get(header::CONTENT_TYPE) {
        None => true,
        Some(content_type) => content_type.as_bytes().starts_with(b"text/plain"),
    };
    (status.is_client_error() || status.is_server_error()) && wordless
}

fn detail_of(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::NOT_FOUND => Some("there is nothing at this path"),
        StatusCode::METHOD_NOT_ALLOWED => Some("the methods this path takes are in Allow"),
        status if status.is_server_error() => Some("internal error"),
        _ => None,
    }
}

/// The method, or one word for all those that a client makes up.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
