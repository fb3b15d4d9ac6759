use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use chrono::{NaiveDate, NaiveTime};
use http::{HeaderName, HeaderValue, Method, header};
use service::CheapClones;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");
/// The day from which on an operation should not be used any more.
const DEPRECATED_ON: &str = "x-deprecated-on";
/// The day on which it may be gone.
const SUNSET_ON: &str = "x-sunset-on";
/// The path of what replaces it.
const SUCCESSOR: &str = "x-successor";

type Headers = Vec<(HeaderName, HeaderValue)>;
type Retirements = HashMap<(String, Method), Headers>;

/// Says with the answers of operations that are on their way out since when they are (`Deprecation`, RFC 9745), when they
/// are gone (`Sunset`, RFC 8594) and what replaces them.
///
/// An operation is on its way out when it is so in the document: `x-deprecated-on`, and perhaps `x-sunset-on`, dates as
/// `2027-01-31`, and `x-successor`, a path.
pub(crate) fn with_retirements(router: Router, openapi: &OpenApi) -> Router {
    let retirements: Retirements = openapi
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| operations(item).map(move |operation| (path, operation)))
        .filter_map(|(path, (method, operation))| {
            headers_of(operation).map(|headers| ((path.clone(), method), headers))
        })
        .collect();
    if retirements.is_empty() {
        return router;
    }
    router.layer((middleware::from_fn_with_state(Arc::new(retirements), tell), CheapClones))
}

async fn tell(
    State(retirements): State<Arc<Retirements>>,
    request: Request,
    next: Next,
) -> Response {
    let method = match *request.method() {
        Method::HEAD => Method::GET,
        ref other => other.clone(),
    };
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let headers = path.and_then(|path| retirements.get(&(path, method)));
    let mut answer = next.run(request).await;
    for (name, value) in headers.into_iter().flatten() {
        answer.headers_mut().append(name, value.clone());
    }
    answer
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn headers_of(operation: &Operation) -> Option<Headers> {
    let said = |name: &str| operation.extensions.as_ref()?.get(name)?.as_str();
    let midnight = |name: &str| {
        let day: NaiveDate = said(name)?.parse().ok()?;
        Some(day.and_time(NaiveTime::MIN).and_utc())
    };
    let deprecated = midnight(DEPRECATED_ON)?;
    let sunset = midnight(SUNSET_ON).map(|at| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let successor = said(SUCCESSOR).map(|path| format!("<{path}>; rel=\"successor-version\""));
    let headers = [
        (DEPRECATION, Some(format!("@{}", deprecated.timestamp()))),
        (SUNSET, sunset),
        (header::LINK, successor),
    ];
    let said = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Some(said.filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect())
}
