//! How sessions begin: sign-ins that take more than one step, and what comes with each that succeeds.

mod challenge;
mod enter;

pub(crate) use challenge::{Begun, LIFETIME, Pending, attempt, begin, finish};
pub(crate) use enter::enter;
