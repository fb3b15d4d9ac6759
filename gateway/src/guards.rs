//! What is done around every request. A layer costs more than what is done in it: what can be in one, is.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use service::{CheapClones, Transport, caught};

use crate::{api_version, browser_safety, compressed_bodies};

/// Nothing compressed comes in, and a panic becomes an answer.
pub(crate) fn guarded(router: Router) -> Router {
    router.layer((middleware::from_fn(answer), CheapClones))
}

/// The same for one request, for those who are around it anyway.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    match compressed_bodies::refusal(&request) {
        Some(refusal) => refusal,
        None => caught(next.run(request)).await,
    }
}

/// Every answer has the headers that all of them have.
pub(crate) fn with_answer_headers(router: Router) -> Router {
    let layer = middleware::from_fn(async |request: Request, next: Next| {
        let transport = request.extensions().get::<Transport>().copied().unwrap_or_default();
        let mut answer: Response = next.run(request).await;
        api_version::tell(answer.headers_mut());
        browser_safety::tell(answer.headers_mut(), transport);
        answer
    });
    router.layer((layer, CheapClones))
}
