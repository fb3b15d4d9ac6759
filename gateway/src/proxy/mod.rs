//! The roles behind the door when they are processes of their own: which of them is asked, and what happens when it does
//! not answer.

mod address;
mod answer;
mod attempt;
mod breaker;
mod checks;
mod forward;
mod headers;
mod request_body;
mod routes;
mod upgrade;
mod upstream;
mod upstreams;

pub use address::{InvalidUpstreamAddress, UpstreamAddress};
pub use upstreams::{UpstreamSettings, Upstreams};
