//! Fills an empty store with events that another store has recorded: all of them, or none.

mod copy_row;
mod error;
mod gaps;
mod import_events;
mod said;
mod streams;

pub use error::{Fault, ImportError};
pub use import_events::{Import, Imported};
