use std::num::NonZeroU32;

/// Whether requests are limited, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimits {
    /// They are not, and no answer speaks of limits.
    Off,
    /// They are.
    PerMinute(PerMinute),
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::PerMinute(PerMinute::default())
    }
}

/// How many requests a client may send in a minute. So many at once, after which one more becomes free every
/// 60 s ÷ number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerMinute {
    /// Reads, of a user or, without one, of an address.
    pub reads: NonZeroU32,
    /// Writes, of a user or, without one, of an address.
    pub writes: NonZeroU32,
    /// Reads with one API key, which are its user's, too.
    pub key_reads: NonZeroU32,
    /// Writes with one API key, which are its user's, too.
    pub key_writes: NonZeroU32,
    /// Attempts to log in, to register and to reset a password together, of an address.
    pub credentials: NonZeroU32,
}

impl Default for PerMinute {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).expect("not zero");
        Self {
            reads: number(100),
            writes: number(30),
            key_reads: number(100),
            key_writes: number(30),
            credentials: number(10),
        }
    }
}
