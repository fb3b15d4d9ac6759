//! The one public door: all APIs behind one address, with the limits, the headers and the documents they share. They are
//! parts of the same process, or processes of their own that it passes requests on to.

mod api_version;
mod browser_safety;
mod compressed_bodies;
mod document;
mod documents;
mod gateway;
mod guards;
mod limits;
mod origins;
mod proxy;
mod retirement;

pub use document::{Api, document};
pub use gateway::{DoorSettings, Gateway};
pub use limits::{PerMinute, RateLimits};
pub use origins::{AllowedOrigins, InvalidOrigin, Origin};
pub use proxy::{InvalidUpstreamAddress, UpstreamAddress, UpstreamSettings, Upstreams};
