use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use service::{CheapClones, Problem};

/// Refuses bodies that are compressed, with 415 and what is taken instead.
///
/// The largest body that is taken uncompressed is small enough, so there is nothing to gain that would be worth bodies of
/// which nobody knows how large they become.
pub(crate) fn uncompressed(router: Router) -> Router {
    let layer = middleware::from_fn(async |request: Request, next: Next| -> Response {
        let mut encodings = request.headers().get_all(header::CONTENT_ENCODING).iter();
        if encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return next.run(request).await;
        }
        Problem::unsupported_media_type("send the body as it is, without Content-Encoding")
            .header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            .into_response()
    });
    router.layer((layer, CheapClones))
}
