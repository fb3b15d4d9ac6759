//! Every write of the API: HTTP in, one transaction on the event store, its position out.

mod answer;
mod document;
mod error;
mod fingerprint;
mod no_fields;
mod requests;
mod routes;
mod state;
pub mod transactions;
mod write_request;

pub use routes::router;
pub use state::{Clock, CommandState};
