//! How many requests a client may send.

mod budget;
mod client;
mod layer;
mod quotas;

pub(crate) use layer::Limits;
pub use quotas::{PerMinute, RateLimits};
