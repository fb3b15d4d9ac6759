use std::time::{Duration, Instant};

/// Failures in a row after which an upstream is left alone. One alone may be a connection that was closed while idle.
const FAILURES: u32 = 3;
/// How long it is left alone at first; twice as long after each trial that fails.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
/// So that it is back soon after it has recovered, however long it was away.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// A trial of which nothing is heard for so long may be followed by another.
const TRIAL_ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Whether an upstream is asked: always, not now, or once to see.
///
/// It knows no clock: whoever asks says what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaker {
    /// It answers.
    Closed {
        /// How often in a row it did not.
        failures: u32,
    },
    /// It does not, and is left alone.
    Open { until: Instant, pause: Duration },
    /// It did not, and one request finds out whether it does again.
    HalfOpen { trial_ends: Instant, pause: Duration },
}

/// What a failure has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consequence {
    /// It is left alone from now on.
    Opened,
    /// Nothing new.
    None,
}

impl Breaker {
    pub(super) const fn closed() -> Self {
        Self::Closed { failures: 0 }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// Whether a request may be sent; when this is the trial, no other may until it has ended.
    pub(super) fn lets_pass(&mut self, now: Instant) -> bool {
        match *self {
            Self::Closed { .. } => true,
            Self::Open { until: due, pause } | Self::HalfOpen { trial_ends: due, pause }
                if due <= now =>
            {
                *self = Self::HalfOpen { trial_ends: now + TRIAL_ENDS_WITHIN, pause };
                true
            }
            Self::Open { .. } | Self::HalfOpen { .. } => false,
        }
    }

    /// A request was answered.
    pub(super) fn succeeded(&mut self) {
        match self {
            Self::Closed { .. } | Self::HalfOpen { .. } => *self = Self::closed(),
            // It was sent before the others failed.
            Self::Open { .. } => {}
        }
    }

    /// It stands still: that is enough, however often it has answered before.
    pub(super) fn stands_still(&mut self, now: Instant) -> Consequence {
        if self.is_closed() {
            *self = Self::Closed { failures: FAILURES };
        }
        self.failed(now)
    }

    /// A request was not.
    pub(super) fn failed(&mut self, now: Instant) -> Consequence {
        let pause = match *self {
            Self::Closed { failures } if failures + 1 < FAILURES => {
                *self = Self::Closed { failures: failures + 1 };
                return Consequence::None;
            }
            Self::Closed { .. } => SHORTEST_PAUSE,
            Self::HalfOpen { pause, .. } => (pause * 2).min(LONGEST_PAUSE),
            // It was sent before the others failed, too.
            Self::Open { .. } => return Consequence::None,
        };
        *self = Self::Open { until: now + pause, pause };
        Consequence::Opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(now: Instant) -> Breaker {
        let mut breaker = Breaker::closed();
        for _ in 0..FAILURES {
            assert!(breaker.is_closed());
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_after_others() {
        let now = Instant::now();
        let mut breaker = Breaker::closed();
        for _ in 0..10 {
            assert_eq!(breaker.failed(now), Consequence::None);
            assert_eq!(breaker.failed(now), Consequence::None);
            breaker.succeeded();
        }
        assert!(breaker.lets_pass(now));
        breaker.failed(now);
        breaker.failed(now);
        assert_eq!(breaker.failed(now), Consequence::Opened);
        assert!(!breaker.lets_pass(now));
    }

    #[test]
    fn it_opens_at_once_for_one_that_stands_still() {
        let now = Instant::now();
        let mut breaker = Breaker::closed();
        assert_eq!(breaker.stands_still(now), Consequence::Opened);
        assert_eq!(breaker, broken(now));
        assert_eq!(breaker.stands_still(now), Consequence::None);
        let due = now + SHORTEST_PAUSE;
        assert!(breaker.lets_pass(due));
        assert_eq!(breaker.stands_still(due), Consequence::Opened, "the trial has failed");
        assert_eq!(
            breaker,
            Breaker::Open { until: due + 2 * SHORTEST_PAUSE, pause: 2 * SHORTEST_PAUSE }
        );
    }

    #[test]
    fn one_request_tries_and_the_others_wait_for_what_it_finds() {
        let now = Instant::now();
        let mut breaker = broken(now);
        let due = now + SHORTEST_PAUSE;
        assert!(!breaker.lets_pass(due - Duration::from_millis(1)));
        assert!(breaker.lets_pass(due));
        assert!(!breaker.lets_pass(due), "one is enough");
        breaker.succeeded();
        assert!(breaker.is_closed() && breaker.lets_pass(due) && breaker.lets_pass(due));
    }

    #[test]
    fn trials_that_fail_come_more_and_more_seldom_but_never_stop() {
        let mut now = Instant::now();
        let mut breaker = broken(now);
        for pause_ms in [500, 1_000, 2_000, 4_000, 4_000, 4_000] {
            let pause = Duration::from_millis(pause_ms);
            assert!(!breaker.lets_pass(now + pause - Duration::from_millis(1)), "{pause_ms}");
            now += pause;
            assert!(breaker.lets_pass(now), "{pause_ms}");
            assert_eq!(breaker.failed(now), Consequence::Opened);
        }
        now += LONGEST_PAUSE;
        assert!(breaker.lets_pass(now));
        breaker.succeeded();
        let again = broken(now);
        assert_eq!(again, Breaker::Open { until: now + SHORTEST_PAUSE, pause: SHORTEST_PAUSE });
    }

    #[test]
    fn what_was_sent_before_it_opened_says_nothing_new() {
        let now = Instant::now();
        let mut breaker = broken(now);
        let open = breaker;
        assert_eq!(breaker.failed(now), Consequence::None);
        breaker.succeeded();
        assert_eq!(breaker, open);
    }

    #[test]
    fn a_trial_that_is_never_heard_of_again_is_followed_by_another() {
        let now = Instant::now();
        let mut breaker = broken(now);
        let due = now + SHORTEST_PAUSE;
        assert!(breaker.lets_pass(due));
        assert!(!breaker.lets_pass(due + TRIAL_ENDS_WITHIN - Duration::from_millis(1)));
        assert!(breaker.lets_pass(due + TRIAL_ENDS_WITHIN));
    }
}
