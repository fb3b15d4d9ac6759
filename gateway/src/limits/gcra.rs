use std::num::NonZeroU32;
use std::time::Duration;

const MINUTE_US: u64 = 60_000_000;

/// How many requests a minute, as the generic cell rate algorithm counts: all of them at once, after which one more
/// becomes free every 60 s ÷ number.
///
/// Everything it knows of a client is how far ahead of time the client is: the microseconds until its budget is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    per_minute: NonZeroU32,
    cost_us: u64,
}

/// Whether there was a request left, and how far ahead the client is then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// There was.
    One { ahead_us: u64 },
    /// There was not, and will be after this time.
    None { ahead_us: u64, wait: Duration },
}

impl Rate {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        // Rounded up, so that never more than so many fit into a minute.
        Self { per_minute, cost_us: MINUTE_US.div_ceil(u64::from(per_minute.get())) }
    }

    pub(super) fn per_minute(self) -> u32 {
        self.per_minute.get()
    }

    /// What one request costs.
    pub(super) fn cost_us(self) -> u64 {
        self.cost_us
    }

    /// How far ahead a client may be.
    pub(super) fn burst_us(self) -> u64 {
        self.cost_us * u64::from(self.per_minute.get())
    }

    /// Takes a request from a client that is so far ahead.
    pub(super) fn take(self, ahead_us: u64) -> Taken {
        let then_us = ahead_us + self.cost_us;
        match then_us.checked_sub(self.burst_us()) {
            None | Some(0) => Taken::One { ahead_us: then_us },
            Some(too_far_us) => Taken::None { ahead_us, wait: Duration::from_micros(too_far_us) },
        }
    }

    /// How many requests a client that is so far ahead has left.
    pub(super) fn remaining(self, ahead_us: u64) -> u32 {
        let left = self.burst_us().saturating_sub(ahead_us) / self.cost_us;
        u32::try_from(left).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_minute: u32) -> Rate {
        Rate::new(NonZeroU32::new(per_minute).expect("not zero"))
    }

    #[test]
    fn so_many_at_once_and_then_one_after_the_other() {
        let rate = rate(3);
        let mut ahead = 0;
        for remaining in [2, 1, 0] {
            let Taken::One { ahead_us } = rate.take(ahead) else { panic!("there was one left") };
            ahead = ahead_us;
            assert_eq!(rate.remaining(ahead), remaining);
        }
        let refused = Taken::None { ahead_us: ahead, wait: Duration::from_secs(20) };
        assert_eq!(rate.take(ahead), refused, "and a refusal costs nothing");
        assert!(matches!(rate.take(ahead - 20_000_000), Taken::One { .. }));
        assert!(matches!(rate.take(ahead - 19_999_999), Taken::None { .. }));
    }

    #[test]
    fn never_more_than_the_budget_and_what_becomes_free_meanwhile() {
        for per_minute in [1, 7, 30, 100, 601, 59_999, 2_000_000] {
            let rate = rate(per_minute);
            let (mut ahead, mut taken) = (0_u64, 0_u32);
            // Asked all the time for a minute, in steps that do not fit.
            for _ in 0..6_000 {
                while let Taken::One { ahead_us } = rate.take(ahead) {
                    (ahead, taken) = (ahead_us, taken + 1);
                    if taken > 3 * per_minute {
                        break;
                    }
                }
                ahead = ahead.saturating_sub(10_000);
            }
            assert!(taken <= 2 * per_minute, "{taken} of {per_minute}");
            // What is rounded up is missing.
            assert!(taken >= 2 * per_minute - 2 - per_minute / 500, "{taken} of {per_minute}");
        }
    }
}
