//! The event store: append in groups, load streams, read by position.
//!
//! The only code that touches the tables of schema `es`. Postgres decides what happened and in which
//! order: positions are dense, in commit order, and known when an append returns.

mod append;
mod cache;
mod context;
mod copy;
mod erase;
mod error;
mod event;
mod execute;
mod import;
mod leadership;
mod load;
mod read;
mod serial;
mod store;
mod work;

pub use append::StoredAnswer;
pub use context::{CommandContext, CommandKey};
pub use copy::{copy_between, copy_parts};
pub use erase::{Erasure, begin_erasure, complete_erasure, remove_events_of, unfinished_erasures};
pub use error::{ExecuteError, StoreError};
pub use event::RecordedEvent;
pub use execute::{Executed, Refused, Replayed, Transaction};
pub use import::{Fault, Import, ImportError, Imported};
pub use leadership::{Leadership, Standby, holders};
pub use load::{Loaded, Stream};
pub use read::{
    LogEnd, has_or_erased, head, last_position_older_than, last_positions, log_end, read_after,
    read_stream, read_stream_between, read_streams,
};
pub use store::{EventStore, StoreConfig};
pub use work::Work;
