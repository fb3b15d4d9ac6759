use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::error;

use crate::{CheapClones, Problem};

/// Answers 500 when a handler of the router panics. Layers added afterwards see that answer like any other.
///
/// [`enveloped`](crate::enveloped) does this too; do it first where layers in between add headers.
pub fn panics_caught(router: Router) -> Router {
    router.layer((middleware::from_fn(catch), CheapClones))
}

async fn catch(request: Request, next: Next) -> Response {
    caught(next.run(request)).await
}

/// An answer, or 500 when whoever makes it panics.
pub async fn caught(answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|panic| {
        error!(panic = message(panic.as_ref()), "a request handler panicked");
        Problem::internal().into_response()
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("not a text")
}
