use std::num::NonZeroU32;

use axum::extract::Request;
use http::Method;

use super::PerMinute;
use super::budget::{Budget, Spent};
use super::client::Client;
use super::shared::Shared;

/// Where a secret can be guessed, or another made to get mail.
const CREDENTIAL_PATHS: [&str; 10] = [
    "/api/v1/auth/login",
    "/api/v1/auth/login/complete",
    "/api/v1/auth/proof",
    "/api/v1/auth/register",
    "/api/v1/auth/forgot-password",
    "/api/v1/auth/reset-password",
    "/api/v1/auth/change-password",
    "/api/v1/auth/verify-email",
    "/api/v1/auth/resend-verification",
    "/api/v1/auth/change-email",
];
/// What an address is told it may ask of health, documents and figures; asking for more has no consequence.
const OPEN_PER_MINUTE: u32 = 600;

/// What a request is counted as, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// An attempt at a secret.
    Guess(Client),
    /// A read of a user or an address, perhaps with an API key.
    Read { user: Client, key: Option<Client> },
    /// The same for a write.
    Write { user: Client, key: Option<Client> },
}

impl On {
    pub(super) fn of(request: &Request) -> Self {
        if CREDENTIAL_PATHS.contains(&request.uri().path()) {
            return Self::Guess(Client::at_address_of(request));
        }
        let (user, key) = (Client::of(request), Client::api_key_of(request));
        match *request.method() {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Read { user, key },
            _ => Self::Write { user, key },
        }
    }
}

/// The budgets of all clients, one for each class of routes.
pub(super) struct Budgets {
    reads: Budget,
    writes: Budget,
    key_reads: Budget,
    key_writes: Budget,
    credentials: Budget,
    open: Budget,
    pub(super) shared: Option<Shared>,
}

impl Budgets {
    pub(super) fn new(quotas: PerMinute, shared: Option<Shared>) -> Self {
        let PerMinute { reads, writes, key_reads, key_writes, credentials } = quotas;
        let open = NonZeroU32::new(OPEN_PER_MINUTE).expect("not zero");
        Self {
            reads: Budget::new("reads", reads),
            writes: Budget::new("writes", writes),
            key_reads: Budget::new("key_reads", key_reads),
            key_writes: Budget::new("key_writes", key_writes),
            credentials: Budget::new("credentials", credentials),
            open: Budget::new("open", open),
            shared,
        }
    }

    /// Takes a request from the budgets it belongs to; the answer tells the one that is nearer to its end.
    pub(super) async fn spend(&self, on: On) -> Spent {
        let (of_user, of_key, user, key) = match on {
            // Each guess counts everywhere before it is made: what follows takes so long that asking is nothing.
            On::Guess(client) => {
                return match &self.shared {
                    Some(shared) => shared.spend(&self.credentials, client).await,
                    None => self.credentials.spend(client),
                };
            }
            On::Read { user, key } => (&self.reads, &self.key_reads, user, key),
            On::Write { user, key } => (&self.writes, &self.key_writes, user, key),
        };
        // A key that has used up its own leaves its user alone.
        match key.map(|key| of_key.spend(key)) {
            None => of_user.spend(user),
            Some(Spent::Exceeded(standing, wait_s)) => Spent::Exceeded(standing, wait_s),
            Some(Spent::Within(of_key)) => match of_user.spend(user) {
                Spent::Within(of_user) => Spent::Within(of_user.or_less(of_key)),
                Spent::Exceeded(standing, wait_s) => Spent::Exceeded(standing, wait_s),
            },
        }
    }

    /// Counts a request that is never refused.
    pub(super) fn count(&self, request: &Request) -> Spent {
        self.open.spend(Client::at_address_of(request))
    }

    /// Those that several gateways share, apart from those that they ask for each time.
    pub(super) fn told(&self) -> [&Budget; 4] {
        [&self.reads, &self.writes, &self.key_reads, &self.key_writes]
    }

    /// Forgets the clients whose budgets are whole.
    pub(super) fn forget_idle(&self) {
        let Self { reads, writes, key_reads, key_writes, credentials, open, shared: _ } = self;
        for budget in [reads, writes, key_reads, key_writes, credentials, open] {
            budget.forget_idle();
        }
    }
}
