use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use service::Problem;

/// The answer to a compressed body: 415, and what is taken instead.
///
/// The largest body that is taken uncompressed is small enough, so there is nothing to gain that would be worth bodies of
/// which nobody knows how large they become.
pub(crate) fn refusal(request: &Request) -> Option<Response> {
    let mut encodings = request.headers().get_all(header::CONTENT_ENCODING).iter();
    if encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return None;
    }
    let problem =
        Problem::unsupported_media_type("send the body as it is, without Content-Encoding")
            .header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Some(problem.into_response())
}
