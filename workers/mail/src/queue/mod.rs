//! The queue: mails that wait in Postgres, and what became of those that were sent or given up.

mod claim;
mod enqueue;
mod id;
mod keep;
mod settle;
mod show;

pub(crate) use claim::{Claimed, Lease, anything_due, claim, give_up_the_late};
pub use enqueue::{EnqueueError, Envelope, enqueue, enqueue_once, queued_since};
pub use id::MailId;
pub(crate) use keep::forget_old;
pub use keep::forget_recipient;
pub(crate) use settle::{failed, put_off, sent};
pub use show::{QueueState, Waiting, queue_state, retry, retry_all, unsent};
