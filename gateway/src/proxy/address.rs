use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Authority;

/// Where a process listens that answers for a role, as `http://10.0.0.7:8005` or `query-api:8005`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamAddress(Authority);

/// A text that says no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUpstreamAddress {
    /// Roles are reached over plain HTTP.
    #[error("roles are reached over http, in a network of their own")]
    NotHttp,
    /// It names no port, or no host.
    #[error("it must be as http://10.0.0.7:8005: a host and a port, and nothing behind them")]
    NotHostAndPort,
}

impl FromStr for UpstreamAddress {
    type Err = InvalidUpstreamAddress;

    fn from_str(text: &str) -> Result<Self, InvalidUpstreamAddress> {
        let authority = match text.trim().split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
                rest.strip_suffix('/').unwrap_or(rest)
            }
            Some(_) => return Err(InvalidUpstreamAddress::NotHttp),
            None => text.trim(),
        };
        let authority: Authority =
            authority.parse().map_err(|_| InvalidUpstreamAddress::NotHostAndPort)?;
        let whole = !authority.host().is_empty()
            && authority.port_u16().is_some()
            && !authority.as_str().contains('@');
        if whole { Ok(Self(authority)) } else { Err(InvalidUpstreamAddress::NotHostAndPort) }
    }
}

impl UpstreamAddress {
    /// Where it answers what is asked for at a path.
    pub(super) fn at(&self, path_and_query: Option<&http::uri::PathAndQuery>) -> Uri {
        let path =
            path_and_query.cloned().unwrap_or_else(|| http::uri::PathAndQuery::from_static("/"));
        Uri::builder()
            .scheme(http::uri::Scheme::HTTP)
            .authority(self.0.clone())
            .path_and_query(path)
            .build()
            .expect("scheme, host and path are all there is in a URI")
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, shown) in [
            ("http://127.0.0.1:8001", "127.0.0.1:8001"),
            (" HTTP://query-api:8005/ ", "query-api:8005"),
            ("[::1]:8004", "[::1]:8004"),
        ] {
            assert_eq!(text.parse::<UpstreamAddress>().expect(text).to_string(), shown);
        }
    }

    #[test]
    fn what_would_be_reached_otherwise_is_refused() {
        for (text, error) in [
            ("https://127.0.0.1:8001", InvalidUpstreamAddress::NotHttp),
            ("127.0.0.1", InvalidUpstreamAddress::NotHostAndPort),
            ("http://:8001", InvalidUpstreamAddress::NotHostAndPort),
            ("http://somebody@host:8001", InvalidUpstreamAddress::NotHostAndPort),
            ("http://host:8001/api", InvalidUpstreamAddress::NotHostAndPort),
            ("", InvalidUpstreamAddress::NotHostAndPort),
        ] {
            assert_eq!(text.parse::<UpstreamAddress>(), Err(error), "{text}");
        }
    }

    #[test]
    fn what_is_asked_for_stays_as_it_was_written() {
        let address: UpstreamAddress = "host:8001".parse().expect("an address");
        let asked = http::uri::PathAndQuery::from_static("/api/v1/plans/%2F..//x?q=%00");
        assert_eq!(address.at(Some(&asked)), "http://host:8001/api/v1/plans/%2F..//x?q=%00");
    }
}
