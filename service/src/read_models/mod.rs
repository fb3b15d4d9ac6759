//! Waiting until the read models show a write.

mod feed;
mod poll;
mod positions;
mod wait;

pub use feed::{CHECKPOINT_SUBJECT, checkpoint_subject};
pub use wait::{ReadModels, Waited};
