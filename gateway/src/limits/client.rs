use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use domain::OwnerId;
use service::{Access, Authentication};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// A user, wherever from and with whatever.
    User(OwnerId),
    /// A program with an API key.
    ApiKey(Uuid),
    /// An address, for requests without a user.
    Address(IpAddr),
}

impl Client {
    /// The user of a request, or else its address.
    pub(super) fn of(request: &Request) -> Self {
        match request.extensions().get::<Authentication>() {
            Some(Authentication(Ok(principal))) => Self::User(principal.user_id),
            Some(Authentication(Err(_))) | None => Self::at_address_of(request),
        }
    }

    /// The API key that a request came with.
    pub(super) fn api_key_of(request: &Request) -> Option<Self> {
        match request.extensions().get::<Authentication>() {
            Some(Authentication(Ok(principal))) => match principal.access {
                Access::ApiKey(_) => Some(Self::ApiKey(principal.jti)),
                Access::Session => None,
            },
            Some(Authentication(Err(_))) | None => None,
        }
    }

    /// The address a request came from, whoever it speaks for.
    pub(super) fn at_address_of(request: &Request) -> Self {
        let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
        // Without a connection, in a test, all requests come from one place.
        let address =
            connection.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(socket)| socket.ip());
        Self::Address(network_of(address))
    }

    /// What its account of a budget is called among gateways: the same everywhere, and nobody's id or address.
    pub(super) fn account(self, budget: &'static str) -> Uuid {
        let hash = Sha256::new().chain_update(budget);
        let hash = match self {
            Self::User(OwnerId(id)) => hash.chain_update(" user ").chain_update(id.as_bytes()),
            Self::ApiKey(id) => hash.chain_update(" key ").chain_update(id.as_bytes()),
            Self::Address(IpAddr::V4(v4)) => hash.chain_update(" v4 ").chain_update(v4.octets()),
            Self::Address(IpAddr::V6(v6)) => hash.chain_update(" v6 ").chain_update(v6.octets()),
        };
        let hash: [u8; 32] = hash.finalize().into();
        Uuid::from_slice(&hash[..16]).expect("sixteen bytes")
    }
}

/// The smallest network that one client can be taken for: an IPv6 client has a whole /64 to pick addresses from.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ipv6_client_has_many_addresses() {
        let network = |text: &str| network_of(text.parse().expect("an address"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn each_client_has_accounts_of_its_own() {
        let id = Uuid::from_u128(7);
        let address = Client::Address(IpAddr::V6(Ipv6Addr::from_bits(7)));
        let clients = [Client::User(OwnerId(id)), Client::ApiKey(id), address];
        let mut accounts = vec![id];
        for budget in ["reads", "writes"] {
            accounts.extend(clients.map(|client| client.account(budget)));
        }
        assert_eq!(Client::ApiKey(id).account("writes"), accounts[5]);
        accounts.sort_unstable();
        accounts.dedup();
        assert_eq!(accounts.len(), 7);
    }
}
