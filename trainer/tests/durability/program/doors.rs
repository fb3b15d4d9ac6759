use std::net::SocketAddr;

use super::Ask;

/// Where the parts of the program are, for a client without a gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doors {
    /// Who knows the accounts.
    pub(crate) accounts: SocketAddr,
    /// Who takes writes.
    pub(crate) writes: SocketAddr,
    /// Who answers reads.
    pub(crate) reads: SocketAddr,
}

impl From<SocketAddr> for Doors {
    /// One for everything.
    fn from(address: SocketAddr) -> Self {
        Self { accounts: address, writes: address, reads: address }
    }
}

impl Doors {
    /// Which one a request goes to.
    pub(super) fn of(&self, ask: &Ask) -> SocketAddr {
        if ask.path.starts_with("/api/v1/auth/") {
            self.accounts
        } else if ask.method == "GET" {
            self.reads
        } else {
            self.writes
        }
    }
}
