//! Whether publishing gets on, and when to try again when it does not.

use std::time::Duration;

use tokio::sync::watch;

/// From this failure on, one after the other, publishing counts as not possible: a single one is a relay that looks again.
const FAILURES: u32 = 3;

/// How long to wait after the first failure, and at most after many.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// How publishing gets on.
#[derive(Debug)]
pub(super) struct Standing {
    failures: u32,
    publishes: watch::Sender<bool>,
}

impl Standing {
    pub(super) fn new() -> Self {
        Self { failures: 0, publishes: watch::Sender::new(true) }
    }

    /// False while the server answers, and publishing fails again and again all the same.
    pub(super) fn publishes(&self) -> watch::Receiver<bool> {
        self.publishes.subscribe()
    }

    /// Everything there is has been published.
    pub(super) fn has_caught_up(&mut self) {
        self.failures = 0;
        self.say(true);
    }

    /// It did not go on; answers how long to wait. Without a connection nothing is known about publishing, and how long
    /// to wait is up to those who connect.
    pub(super) fn has_failed(&mut self, is_connected: bool) -> Duration {
        let (first, longest) = PAUSES;
        if !is_connected {
            return first;
        }
        self.failures += 1;
        if self.failures >= FAILURES {
            self.say(false);
        }
        first.saturating_mul(2_u32.saturating_pow(self.failures - 1)).min(longest)
    }

    fn say(&self, publishes: bool) {
        self.publishes.send_if_modified(|said| std::mem::replace(said, publishes) != publishes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_get_longer_and_have_an_end() {
        let mut standing = Standing::new();
        let pauses: Vec<u128> = (0..7).map(|_| standing.has_failed(true).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
        standing.has_caught_up();
        assert_eq!(standing.has_failed(true).as_millis(), 250);
    }

    #[test]
    fn publishing_fails_from_the_third_time_on_until_everything_is_published() {
        let mut standing = Standing::new();
        let publishes = standing.publishes();
        let said: Vec<bool> = (0..4)
            .map(|_| {
                standing.has_failed(true);
                *publishes.borrow()
            })
            .collect();
        assert_eq!(said, [true, true, false, false]);
        standing.has_caught_up();
        assert!(*publishes.borrow());
    }

    #[test]
    fn without_a_connection_it_is_tried_soon_again_and_nothing_is_said() {
        let mut standing = Standing::new();
        for _ in 0..10 {
            assert_eq!(standing.has_failed(false).as_millis(), 250);
        }
        assert!(*standing.publishes().borrow());
    }
}
