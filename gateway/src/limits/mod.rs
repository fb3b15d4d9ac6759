//! How many requests a client may send.

mod budget;
mod budgets;
mod client;
mod gcra;
mod layer;
mod quotas;
mod shared;

pub(crate) use layer::Limits;
pub use quotas::{PerMinute, RateLimits};
