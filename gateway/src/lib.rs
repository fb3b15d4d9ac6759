//! The one public door: all APIs behind one address, with the limits, the headers and the documents they share.

mod browser_safety;
mod document;
mod documents;
mod gateway;
mod limits;

pub use document::{Api, document};
pub use gateway::Gateway;
pub use limits::{PerMinute, RateLimits};
