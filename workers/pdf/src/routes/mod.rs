//! The requests.

mod byte_range;
mod caller;
mod download;
mod file_name;
mod generate;
mod print_request;
mod router;
mod status;

pub(crate) use file_name::file_name;
pub use router::{document, router};
