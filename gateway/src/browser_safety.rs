use http::{HeaderMap, HeaderName, HeaderValue, header};
use service::Transport;

/// What an answer to a program may do when a browser shows it: nothing.
const ANSWER_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What the pages with the API's documents may do: run and load what the gateway itself serves.
///
/// Both style themselves from their scripts; ReDoc searches in a worker it makes itself.
pub(crate) const PAGE_POLICY: [(HeaderName, HeaderValue); 1] = [(
    header::CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         font-src 'self' data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'",
    ),
)];

/// How long a browser that has come over TLS comes over nothing else, in the words of RFC 6797.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Keeps browsers from guessing, framing and telling others, and from coming without TLS to where there is TLS.
pub(crate) fn tell(headers: &mut HeaderMap, transport: Transport) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(ANSWER_POLICY);
    if transport == Transport::Tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
}
