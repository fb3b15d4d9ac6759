//! The subscribers of docs/SUBSCRIBERS.md: each event has its effect exactly once, whatever is killed,
//! erased or gone.

mod kit;
mod losses;
mod sums;
mod twenty_kills;
