//! The gateway: what clients see, what they may spend, and the roles behind it.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]

mod door;
mod proxy;
mod shared_limits;
