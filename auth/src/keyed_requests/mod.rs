//! Requests that came with an `Idempotency-Key`: the same one again gets the first answer again.

mod hashes;
mod keyed;
mod registration;

pub(crate) use hashes::{KeyHash, RequestHash};
pub(crate) use keyed::{Keyed, KeyedError};
pub(crate) use registration::{Kept, find, keep, keep_password};

/// The answer to a request that may have come before.
pub(crate) enum Answer<T> {
    /// It had not.
    First(T),
    /// It had, and this is what it got then.
    Again(T),
}
