//! Mail about accounts: each goes into the queue in the transaction of what it tells.

mod addressee;
mod coaching;
mod letters;
mod links;

pub(crate) use addressee::{Addressee, addressee, addressee_at};
pub(crate) use coaching::CoachingQuestion;
pub(crate) use letters::Post;
