//! Mail to people: written from templates, queued in Postgres, sent through SMTP.
//!
//! Who has something to tell writes a [`Letter`] and puts it into the queue with [`enqueue`], in the transaction that it
//! is about: either both happen, or neither. The worker ([`run`]) sends what waits there, tries again with growing delay,
//! and gives up with a reason. Without an SMTP server mails become files in a folder.

mod carrier;
mod content;
mod delivery;
mod letter;
mod message;
mod public_url;
mod queue;
mod render;
mod sealing_key;
mod worker;

pub use content::{Attachment, MAX_ATTACHED_BYTES};
pub use delivery::{Delivery, NoCertificate, Security, SmtpServer, SmtpUrlError};
pub use letter::{Letter, PlannedDay};
pub use message::{Sender, SenderError};
pub use public_url::{PublicUrl, PublicUrlError};
pub use queue::{
    EnqueueError, Envelope, MailId, QueueState, Waiting, enqueue, enqueue_once, forget_recipient,
    queue_state, queued_since, retry, retry_all, unsent,
};
pub use sealing_key::SealingKey;
pub use worker::{Pace, Worker, run};
