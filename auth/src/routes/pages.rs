//! The pages that links in mails open: plain forms over the API, for whoever has no program for it.
//!
//! A token comes behind the `#` of a link, which browsers send to nobody; the page sends it in the body of a request.

use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use service::{Problem, ProblemDetails};

use super::problems::Problems;

/// The pages run and load what lies beside them, ask the API, and nothing else.
const POLICY: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; \
             base-uri 'none'; form-action 'none'",
        ),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
];

const HTML: &str = "text/html; charset=utf-8";

/// A page that a link in a mail opens.
#[utoipa::path(
    get,
    path = "/api/v1/auth/pages/{page}",
    tag = "auth",
    operation_id = "page",
    params(("page" = String, Path, description = "`verify-email`, `forgot-password` or `reset-password`, or a file that these need",
            example = "forgot-password")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "The path makes no sense", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "There is no such page", body = ProblemDetails, content_type = "application/problem+json"),
        Problems,
    ),
)]
pub(super) async fn page(Path(page): Path<String>) -> Result<Response, Problem> {
    let (media_type, text) = match page.as_str() {
        "verify-email" => (HTML, include_str!("../../pages/verify-email.html")),
        "forgot-password" => (HTML, include_str!("../../pages/forgot-password.html")),
        "reset-password" => (HTML, include_str!("../../pages/reset-password.html")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("../../pages/page.js")),
        "page.css" => ("text/css; charset=utf-8", include_str!("../../pages/page.css")),
        _ => return Err(Problem::not_found("page")),
    };
    Ok((POLICY, [(header::CONTENT_TYPE, media_type)], text).into_response())
}
