//! Every write of the API: HTTP in, one transaction on the event store, its position out.
//!
//! A worker with requests of its own takes them with [`PlanWrite`] and [`CommandState::carry_out`], so that they keep the
//! same promises.

mod answer;
mod document;
mod error;
mod no_fields;
mod requests;
mod routes;
mod state;
pub mod transactions;
mod write_request;

pub use answer::{Done, Resource};
pub use document::{WriteHeaders, add_answer_headers};
pub use routes::router;
pub use state::{Clock, CommandState};
pub use write_request::{PlanWrite, WriteRequest};
