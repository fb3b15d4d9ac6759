//! The subscribers of docs/SUBSCRIBERS.md: each event has its effect exactly once, whatever is killed,
//! erased or gone.

mod astray;
mod file;
mod kit;
mod losses;
mod refilled;
mod republished;
mod sums;
mod twenty_kills;
