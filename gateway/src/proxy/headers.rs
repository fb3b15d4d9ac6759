use axum::extract::ConnectInfo;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use service::{REQUEST_ID, RequestContext, Transport};
use std::net::SocketAddr;

/// What is between two neighbours on the way and goes no further (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What a client may not tell the roles: where it comes from, which the door says, and that another method or path is
/// meant, which no role listens to and none should begin to.
const NOT_THE_CLIENTS: [HeaderName; 12] = [
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-rewrite-url"),
];

/// Takes out what concerns only the neighbour, by itself or because `Connection` names it.
pub(super) fn without_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Makes the head of a client's request that of the door's to a role.
pub(super) fn for_a_role(head: &mut Parts) {
    without_hop_by_hop(&mut head.headers);
    for name in &NOT_THE_CLIENTS {
        head.headers.remove(name);
    }
    // The door has read the body when this is sent, or says so itself when it has not.
    head.headers.remove(header::EXPECT);
    // The body itself knows.
    head.headers.remove(header::CONTENT_LENGTH);
    // In HTTP/2 the host is a part of the URI.
    if let (false, Some(authority)) =
        (head.headers.contains_key(header::HOST), head.uri.authority())
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        head.headers.insert(header::HOST, host);
    }
    if let Some(host) = head.headers.get(header::HOST).cloned() {
        head.headers.insert(FORWARDED_HOST, host);
    }
    let transport = head.extensions.get::<Transport>().copied().unwrap_or_default();
    head.headers.insert(FORWARDED_PROTO, HeaderValue::from_static(transport.scheme()));
    if let Some(ConnectInfo(client)) = head.extensions.get::<ConnectInfo<SocketAddr>>()
        && let Ok(address) = HeaderValue::from_str(&client.ip().to_canonical().to_string())
    {
        head.headers.insert(FORWARDED_FOR, address);
    }
    if let Some(context) = head.extensions.get::<RequestContext>() {
        head.headers.insert(REQUEST_ID, context.header());
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;

    use super::*;

    fn head(headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(
            Request::get("/api/v1/plans").header("host", "trainer.example"),
            |request, (name, value)| request.header(*name, *value),
        );
        let (mut head, _) = request.body(Body::empty()).expect("a request").into_parts();
        let client: SocketAddr = "192.0.2.7:4000".parse().expect("an address");
        head.extensions.insert(ConnectInfo(client));
        head.extensions.insert(Transport::Tls);
        for_a_role(&mut head);
        head
    }

    #[test]
    fn what_concerns_only_the_neighbour_goes_no_further() {
        let head = head(&[
            ("connection", "keep-alive, X-Mine"),
            ("connection", "upgrade"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABkAAQAoAAAAAIAAAAA"),
            ("proxy-authorization", "Basic x"),
            ("accept", "*/*"),
            ("authorization", "Bearer x"),
        ]);
        let mut left: Vec<_> = head.headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(
            left,
            [
                "accept",
                "authorization",
                "host",
                "http2-settings",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto"
            ]
        );
    }

    #[test]
    fn the_door_says_where_a_request_comes_from_and_nobody_else() {
        let head = head(&[
            ("x-forwarded-for", "203.0.113.1"),
            ("x-forwarded-for", "203.0.113.2"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "for=203.0.113.1"),
            ("x-real-ip", "203.0.113.1"),
        ]);
        let all = |name: &str| head.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(all("x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(all("x-forwarded-proto"), ["https"]);
        assert_eq!(all("x-forwarded-host"), ["trainer.example"]);
        assert!(all("forwarded").is_empty() && all("x-real-ip").is_empty());
    }

    #[test]
    fn no_other_method_or_path_can_be_meant() {
        let names = [
            "x-http-method-override",
            "x-http-method",
            "x-method-override",
            "x-original-url",
            "x-rewrite-url",
        ];
        for name in names {
            assert!(!head(&[(name, "DELETE")]).headers.contains_key(name), "{name}");
        }
    }
}
