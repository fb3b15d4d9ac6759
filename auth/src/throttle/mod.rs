//! Whoever tries too many passwords waits, longer and longer: counted for each e-mail address, whether or not it has an
//! account, and for each network. All processes share the counts, in Postgres. A sign-in that succeeds writes nothing.
//!
//! Strangers cannot lock the owner out: where an account was signed in to before, only what is tried from there counts,
//! and whoever resets the password by mail is known there.

mod attempt;
mod counter;

pub(crate) use attempt::Attempt;
