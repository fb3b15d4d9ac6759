use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName};

use super::client::Client;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// How many requests of one kind each client has left.
pub(super) struct Budget {
    limiter: RateLimiter<
        Client,
        DefaultKeyedStateStore<Client>,
        DefaultClock,
        StateInformationMiddleware,
    >,
    per_minute: NonZeroU32,
}

/// What a client's budget looks like after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    limit: u32,
    remaining: u32,
    /// When the whole budget is there again, in seconds since 1970.
    reset: u64,
}

/// Whether a client had a request left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// It had.
    Within(Standing),
    /// It had not, and has one again after so many seconds.
    Exceeded(Standing, u64),
}

impl Budget {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(per_minute)).with_middleware();
        Self { limiter, per_minute }
    }

    pub(super) fn spend(&self, client: Client) -> Spent {
        match self.limiter.check_key(&client) {
            Ok(state) => Spent::Within(self.standing(state.remaining_burst_capacity())),
            Err(refusal) => {
                let wait = refusal.wait_time_from(DefaultClock::default().now());
                Spent::Exceeded(self.standing(0), whole_seconds(wait).max(1))
            }
        }
    }

    /// Forgets the clients whose budget is whole again.
    pub(super) fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    #[cfg(test)]
    pub(super) fn clients(&self) -> usize {
        self.limiter.len()
    }

    fn standing(&self, remaining: u32) -> Standing {
        let limit = self.per_minute.get();
        let spent = limit.saturating_sub(remaining);
        let refill = Duration::from_secs(60) * spent / limit;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Standing { limit, remaining, reset: whole_seconds(now + refill) }
    }
}

impl Standing {
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit.into());
        headers.insert(REMAINING, self.remaining.into());
        headers.insert(RESET, self.reset.into());
    }
}

/// Rounded up: who waits so long has waited long enough.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u32) -> Client {
        Client::Address(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    fn budget(per_minute: u32) -> Budget {
        Budget::new(NonZeroU32::new(per_minute).expect("not zero"))
    }

    #[test]
    fn a_client_has_so_many_and_then_waits() {
        let budget = budget(3);
        for remaining in [2, 1, 0] {
            assert!(
                matches!(budget.spend(client(1)), Spent::Within(standing) if standing.remaining == remaining)
            );
        }
        let Spent::Exceeded(standing, wait) = budget.spend(client(1)) else {
            panic!("there was none left");
        };
        assert_eq!((standing.limit, standing.remaining), (3, 0));
        assert!((19..=20).contains(&wait), "{wait}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
        assert!((now + 59..=now + 62).contains(&standing.reset));
        assert!(matches!(budget.spend(client(2)), Spent::Within(_)));
    }

    #[test]
    fn a_client_that_was_not_seen_for_long_is_forgotten() {
        let budget = budget(60_000);
        for number in 0..1_000 {
            budget.spend(client(number));
        }
        assert_eq!(budget.clients(), 1_000);
        std::thread::sleep(Duration::from_millis(20));
        budget.spend(client(7));
        budget.forget_idle();
        assert!(budget.clients() <= 1, "{}", budget.clients());
    }
}
