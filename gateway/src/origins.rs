use std::str::FromStr;
use std::time::Duration;

use axum::Router;
use http::{HeaderName, HeaderValue, Method, Uri, header};
use service::CheapClones;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// How long a browser may remember what it was allowed.
const REMEMBERED_FOR: Duration = Duration::from_secs(2 * 60 * 60);
const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// What a page may send.
const REQUEST_HEADERS: [HeaderName; 11] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("prefer"),
    HeaderName::from_static("trainer-position"),
    HeaderName::from_static("x-act-as"),
    HeaderName::from_static("x-request-id"),
];
/// What a page may read of an answer, besides what every page may.
const ANSWER_HEADERS: [HeaderName; 14] = [
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("deprecation"),
    HeaderName::from_static("idempotency-replayed"),
    HeaderName::from_static("sunset"),
    HeaderName::from_static("trainer-consistency"),
    HeaderName::from_static("trainer-position"),
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("x-request-id"),
];

/// Where a page comes from, as `https://app.example`, or `*` for anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Any page.
    Any,
    /// The pages of one scheme, host and port.
    Of(HeaderValue),
}

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is a scheme and a host, perhaps with a port, as https://app.example; or *")]
pub struct InvalidOrigin;

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidOrigin);
        };
        // As browsers send it: nothing behind the host, not even a slash.
        let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
        if origin != text.to_ascii_lowercase() || authority.as_str().contains('@') {
            return Err(InvalidOrigin);
        }
        origin.parse().map(Self::Of).map_err(|_| InvalidOrigin)
    }
}

/// Whose pages may ask from a browser: nobody's but our own, unless told otherwise.
///
/// There are no cookies, so a page can do nothing in somebody's name whose token it does not have.
#[derive(Debug, Clone, Default)]
pub struct AllowedOrigins(Vec<Origin>);

impl AllowedOrigins {
    /// The pages of these origins.
    pub fn new(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self(origins.into_iter().collect())
    }

    /// Tells browsers so, with every answer.
    pub(crate) fn allowed(self, router: Router) -> Router {
        let Self(origins) = self;
        if origins.is_empty() {
            return router;
        }
        let listed = origins.into_iter().map(|origin| match origin {
            Origin::Any => None,
            Origin::Of(origin) => Some(origin),
        });
        // One that is anybody's makes all of them so.
        let origins = listed
            .collect::<Option<Vec<_>>>()
            .map_or_else(|| AllowOrigin::from(Any), AllowOrigin::list);
        let cors = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods(METHODS)
            .allow_headers(REQUEST_HEADERS)
            .expose_headers(ANSWER_HEADERS)
            .max_age(REMEMBERED_FOR);
        router.layer((cors, CheapClones))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        assert_eq!("*".parse(), Ok(Origin::Any));
        for text in ["https://app.example", "http://localhost:5173", " HTTPS://App.Example "] {
            let sent = HeaderValue::from_str(&text.trim().to_ascii_lowercase()).expect("a value");
            assert_eq!(text.parse(), Ok(Origin::Of(sent)), "{text}");
        }
        for text in [
            "app.example",
            "https://app.example/",
            "https://app.example/x",
            "https://a@b",
            "",
            "null",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
