use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

/// How long a client is willing to wait for its own write to be readable: the `Prefer` header (RFC 7240).
///
/// What it does not understand it ignores, as the RFC asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prefer {
    respond_async: bool,
    wait: Option<Duration>,
}

impl Prefer {
    const DEFAULT_WAIT: Duration = Duration::from_secs(2);
    const MAX_WAIT: Duration = Duration::from_secs(30);

    /// How long to wait for the read models; `None` for not at all.
    #[must_use]
    pub fn consistency_wait(&self) -> Option<Duration> {
        if self.respond_async {
            return None;
        }
        Some(self.wait.unwrap_or(Self::DEFAULT_WAIT)).filter(|wait| !wait.is_zero())
    }

    /// What of it is followed, for `Preference-Applied`; `None` when nothing was asked for.
    #[must_use]
    pub fn applied(&self) -> Option<HeaderValue> {
        if self.respond_async {
            return Some(HeaderValue::from_static("respond-async"));
        }
        let wait = format!("wait={}", self.wait?.as_secs());
        Some(
            HeaderValue::try_from(wait)
                .expect("ASCII without control characters is a header value"),
        )
    }

    fn parse(headers: &HeaderMap) -> Self {
        let lines = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
        let mut prefer = Self::default();
        for preference in lines.flat_map(|line| line.split(',')) {
            let token = preference.split(';').next().unwrap_or_default();
            let (name, value) = token.split_once('=').unwrap_or((token, ""));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
            match name.as_str() {
                "respond-async" => prefer.respond_async = true,
                // The first of several counts (RFC 7240, 2).
                "wait" if prefer.wait.is_none() => {
                    prefer.wait = value
                        .parse()
                        .ok()
                        .map(|seconds| Duration::from_secs(seconds).min(Self::MAX_WAIT));
                }
                _ => {}
            }
        }
        prefer
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(&parts.headers))
    }
}
