use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{HeaderMap, HeaderName};

use crate::{AccessNotes, CheapClones, Transport};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Addresses that begin alike, as `10.0.0.0/8`, or one, as `10.0.0.7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is an address, or a network as 10.0.0.0/8 or fd00::/8")]
pub struct InvalidNetwork;

impl Network {
    /// Whether an address is one of these.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| InvalidNetwork)?,
            None => longest,
        };
        if prefix > longest { Err(InvalidNetwork) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The proxies that are believed when they say for whom they ask. Nobody, unless told otherwise.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[Network]>);

impl TrustedProxies {
    /// Those in these networks.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(networks.into_iter().collect())
    }

    /// Whether a proxy is one of them.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Where a request comes from that was sent from `neighbour`: whoever the chain of trusted proxies names last.
    ///
    /// Each proxy puts the address it was asked from at the end of `X-Forwarded-For`. What stands before the first address
    /// that is not trusted may be made up, and what is no address ends the chain.
    fn client(&self, neighbour: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = lines.flat_map(|line| {
            line.to_str().unwrap_or_default().rsplit(',').map(|hop| address_of(hop.trim()))
        });
        let mut client = neighbour;
        while self.trusts(client.ip()) {
            match hops.next() {
                Some(Some(hop)) => client = hop,
                Some(None) | None => break,
            }
        }
        client
    }

    /// How a request came to the outermost trusted proxy, if that says so.
    fn transport(headers: &HeaderMap) -> Option<Transport> {
        let said = headers.get_all(FORWARDED_PROTO).iter().next_back()?.to_str().ok()?;
        match said.rsplit(',').next()?.trim() {
            "https" => Some(Transport::Tls),
            "http" => Some(Transport::Plain),
            _ => None,
        }
    }
}

/// An address as proxies write it, with or without a port.
fn address_of(hop: &str) -> Option<SocketAddr> {
    hop.parse().ok().or_else(|| {
        let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
        bare.parse().ok().map(|address: IpAddr| SocketAddr::new(address, 0))
    })
}

/// Lets the handlers of a router find their client as `ConnectInfo<SocketAddr>`, and how it came as [`Transport`], when a
/// trusted proxy has passed its request on, and not the proxy's own.
pub fn behind_proxies(router: Router, trusted: TrustedProxies) -> Router {
    if trusted.0.is_empty() {
        return router;
    }
    router.layer((middleware::from_fn_with_state(trusted, find_client), CheapClones))
}

async fn find_client(
    State(trusted): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    let neighbour = request.extensions().get::<ConnectInfo<SocketAddr>>().copied();
    if let Some(ConnectInfo(neighbour)) =
        neighbour.filter(|ConnectInfo(it)| trusted.trusts(it.ip()))
    {
        let client = trusted.client(neighbour, request.headers());
        let transport = TrustedProxies::transport(request.headers());
        if let Some(notes) = request.extensions().get::<AccessNotes>() {
            notes.is_from(client.ip());
        }
        request.extensions_mut().insert(ConnectInfo(client));
        if let Some(transport) = transport {
            request.extensions_mut().insert(transport);
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect(text)
    }

    fn client(neighbour: &str, forwarded_for: &[&str]) -> String {
        let trusted = TrustedProxies::new([network("10.0.0.0/8"), network("fd00::/8")]);
        let mut headers = HeaderMap::new();
        for line in forwarded_for {
            headers.append(FORWARDED_FOR, line.parse().expect("a value"));
        }
        let neighbour = SocketAddr::new(neighbour.parse().expect("an address"), 4_000);
        trusted.client(neighbour, &headers).ip().to_string()
    }

    #[test]
    fn a_network_is_all_addresses_that_begin_alike() {
        let inside = |text: &str, address: &str| {
            network(text).contains(address.parse().expect("an address"))
        };
        assert!(inside("10.1.0.0/16", "10.1.255.3") && !inside("10.1.0.0/16", "10.2.0.0"));
        assert!(inside("10.1.2.3", "10.1.2.3") && !inside("10.1.2.3", "10.1.2.4"));
        assert!(inside("0.0.0.0/0", "203.0.113.9") && !inside("0.0.0.0/0", "2001:db8::1"));
        assert!(inside("::/0", "2001:db8::1") && !inside("::/0", "203.0.113.9"));
        assert!(inside("fd00::/8", "fdff::1") && !inside("fd00::/8", "fe80::1"));
        assert!(
            inside("10.0.0.0/8", "::ffff:10.0.0.1"),
            "the same address, as IPv6 sockets see it"
        );
        for text in ["10.0.0.0/33", "fd00::/129", "10.0.0", "10.0.0.0/", "10.0.0.0/-1", "", "all"] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork), "{text}");
        }
    }

    #[test]
    fn who_is_not_trusted_is_not_believed() {
        assert_eq!(client("192.0.2.1", &["203.0.113.1"]), "192.0.2.1");
        assert_eq!(client("11.0.0.1", &["10.0.0.2"]), "11.0.0.1");
    }

    #[test]
    fn a_trusted_proxy_says_who_has_asked_it() {
        assert_eq!(client("10.0.0.1", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.1:4711"]), "203.0.113.1");
        assert_eq!(client("fd00::1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(client("fd00::1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client("fd00::1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_has_made_up_stands_before_what_the_proxies_say() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1, 203.0.113.1"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1", "203.0.113.1, 10.0.0.2"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &["10.9.9.9, 203.0.113.1"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.1, rubbish, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["203.0.113.1, "]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3", "all of it ours");
    }
}
