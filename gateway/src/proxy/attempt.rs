use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{Request, StatusCode, Version};
use tokio::time::sleep;

use super::answer::received;
use super::upstream::Upstream;
use super::upstreams::Upstreams;

/// Why an attempt brought no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It was not reached, so nothing has happened there.
    #[error("not reached: {0}")]
    NotReached(String),
    /// It was, and what it has done is not known.
    #[error("answer lost: {0}")]
    Lost(String),
    /// What it has done is not known, but others have found that it does not answer.
    #[error("given up")]
    GivenUp,
    /// It takes too long.
    #[error("no answer in time")]
    TooSlow,
}

/// The same request, once more.
pub(super) fn request_to(upstream: &Upstream, head: &Parts, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = upstream.address.at(head.uri.path_and_query());
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = head.headers.clone();
    request
}

/// Asks one upstream. With `gives_up`, an upstream of which others find that it does not answer is not waited for.
pub(super) async fn attempt(
    upstreams: &Upstreams,
    upstream: &Arc<Upstream>,
    head: &Parts,
    body: Body,
    gives_up: bool,
) -> Result<Response, Failure> {
    let under_way = upstream.begin();
    let answer = async {
        let request = request_to(upstream, head, body);
        let answer = upstreams.client.request(request).await.map_err(|error| {
            let is_connect = error.is_connect();
            let cause = innermost(&error);
            if is_connect { Failure::NotReached(cause) } else { Failure::Lost(cause) }
        })?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::Lost("another protocol, which nobody has asked for".to_owned()));
        }
        received(answer, under_way).await.map_err(|error| Failure::Lost(innermost(&error)))
    };
    tokio::select! {
        biased;
        answer = answer => answer,
        () = upstream.given_up(), if gives_up => Err(Failure::GivenUp),
        () = sleep(upstreams.settings.answers_within) => Err(Failure::TooSlow),
    }
}

/// The layers above it say only that a request failed.
pub(super) fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
