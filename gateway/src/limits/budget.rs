use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName};

use super::client::Client;
use super::gcra::{Rate, Taken};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// So that clients do not wait for each other.
const SHARDS: usize = 64;

/// How many requests of one kind each client has left, as far as this process knows.
pub(super) struct Budget {
    /// What it is called among gateways.
    pub(super) name: &'static str,
    pub(super) rate: Rate,
    shards: [Mutex<HashMap<Client, Account>>; SHARDS],
    hasher: RandomState,
    began: Instant,
}

/// What is known of a client.
#[derive(Debug, Clone, Copy, Default)]
struct Account {
    /// When its budget is whole, in microseconds after the beginning.
    whole_us: u64,
    /// Requests taken since the others were told.
    untold: u32,
}

/// What a client has spent that the others have not been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Untold {
    pub(super) client: Client,
    pub(super) requests: u32,
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
    pub(super) fn new(name: &'static str, per_minute: NonZeroU32) -> Self {
        Self {
            name,
            rate: Rate::new(per_minute),
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            began: Instant::now(),
        }
    }

    /// Takes a request from what this process knows of a client's budget.
    pub(super) fn spend(&self, client: Client) -> Spent {
        let now_us = self.now_us();
        let mut shard = self.shard(client);
        let account = shard.entry(client).or_default();
        let taken = self.rate.take(account.whole_us.saturating_sub(now_us));
        if let Taken::One { ahead_us } = taken {
            account.whole_us = now_us + ahead_us;
            account.untold = account.untold.saturating_add(1);
        }
        drop(shard);
        self.spent(taken)
    }

    /// What the client is told of a request that was taken, or was not.
    pub(super) fn spent(&self, taken: Taken) -> Spent {
        match taken {
            Taken::One { ahead_us } => Spent::Within(self.standing(ahead_us)),
            Taken::None { ahead_us, wait } => {
                Spent::Exceeded(self.standing(ahead_us), whole_seconds(wait).max(1))
            }
        }
    }

    /// Everything spent that the others have not been told yet; it counts as told from now on.
    ///
    /// What is free again is not worth telling, however long they were not reached.
    pub(super) fn tell(&self) -> Vec<Untold> {
        let now_us = self.now_us();
        let mut all = vec![];
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (client, account) in shard.iter_mut().filter(|(_, account)| account.untold > 0) {
                let ahead_us = account.whole_us.saturating_sub(now_us);
                let not_free = u32::try_from(ahead_us.div_ceil(self.rate.cost_us()));
                let requests =
                    std::mem::take(&mut account.untold).min(not_free.unwrap_or(u32::MAX));
                if requests > 0 {
                    all.push(Untold { client: *client, requests });
                }
            }
        }
        all
    }

    /// The others were not reached after all.
    pub(super) fn not_told(&self, untold: Untold) {
        let mut shard = self.shard(untold.client);
        let account = shard.entry(untold.client).or_default();
        account.untold = account.untold.saturating_add(untold.requests);
    }

    /// With all that everybody has told, a client is so far ahead.
    pub(super) fn learn(&self, client: Client, ahead_us: u64) {
        let now_us = self.now_us();
        let mut shard = self.shard(client);
        let account = shard.entry(client).or_default();
        // What was spent here since then is known here only.
        account.whole_us = now_us + ahead_us + u64::from(account.untold) * self.rate.cost_us();
    }

    /// Forgets the clients whose budget is whole again.
    pub(super) fn forget_idle(&self) {
        let now_us = self.now_us();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, account| account.whole_us > now_us);
            shard.shrink_to_fit();
        }
    }

    fn shard(&self, client: Client) -> MutexGuard<'_, HashMap<Client, Account>> {
        let number = self.hasher.hash_one(client) as usize % SHARDS;
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn standing(&self, ahead_us: u64) -> Standing {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Standing {
            limit: self.rate.per_minute(),
            remaining: self.rate.remaining(ahead_us),
            reset: whole_seconds(now + Duration::from_micros(ahead_us)),
        }
    }

    #[cfg(test)]
    fn clients(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().expect("not poisoned").len()).sum()
    }
}

impl Standing {
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit.into());
        headers.insert(REMAINING, self.remaining.into());
        headers.insert(RESET, self.reset.into());
    }

    /// The one that leaves less.
    pub(super) fn or_less(self, other: Self) -> Self {
        if other.remaining < self.remaining { other } else { self }
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
        Budget::new("reads", NonZeroU32::new(per_minute).expect("not zero"))
    }

    fn spend(budget: &Budget, requests: usize) -> usize {
        (0..requests).filter(|_| matches!(budget.spend(client(1)), Spent::Within(_))).count()
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
        assert!((1..=20).contains(&wait), "{wait}");
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

    #[test]
    fn what_others_have_let_pass_is_spent_here_too() {
        let budget = budget(10);
        assert_eq!(spend(&budget, 4), 4);
        let told = budget.tell();
        assert_eq!(told, [Untold { client: client(1), requests: 4 }]);
        assert_eq!(budget.tell(), [], "told once");
        assert_eq!(spend(&budget, 1), 1);
        // The others have let 3 pass meanwhile: with the 4 told that is 7, and with the one since then 8.
        budget.learn(client(1), 7 * budget.rate.cost_us());
        assert_eq!(spend(&budget, 10), 2);
    }

    #[test]
    fn what_the_others_did_not_hear_is_told_again() {
        let budget = budget(10);
        spend(&budget, 2);
        for untold in budget.tell() {
            budget.not_told(untold);
        }
        spend(&budget, 1);
        assert_eq!(budget.tell(), [Untold { client: client(1), requests: 3 }]);
    }

    #[test]
    fn what_is_free_again_is_not_told() {
        let budget = budget(6_000);
        spend(&budget, 2);
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(budget.tell(), []);
    }
}
