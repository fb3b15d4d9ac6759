//! Projections: events in, rows out.
//!
//! Each folds a part of the story into tables of its own. Its rows and its checkpoint commit
//! together, in one statement that does nothing when somebody else has moved the checkpoint.

mod checkpoint;
mod error;
mod follow;
mod plans;
mod projection;
mod rebuild;
mod runs;
mod users;

pub use checkpoint::{Checkpoint, Generation, checkpoints};
pub use error::ProjectorError;
pub use follow::{OnProjected, follow};
pub use projection::Projection;
pub use rebuild::{RebuildProgress, Rebuilt, rebuild};
pub use users::erase_from_previous;
