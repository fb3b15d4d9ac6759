//! Events on NATS: the stream and its subjects, the relay that publishes what Postgres holds, and
//! the subscription that catches up from Postgres and then follows the stream.
//!
//! Postgres decides, JetStream accelerates: nothing in JetStream has to survive.

mod announcement;
mod asyncapi;
mod connect;
mod erase;
mod log;
mod message;
mod relay;
mod replay;
#[cfg(test)]
mod simulation;
mod stream;
mod subscription;

pub use announcement::{Announcer, CHECKPOINTS, HINT};
pub use asyncapi::{AsyncApi, asyncapi};
pub use connect::{ConnectError, Refusals, connect, connect_noting};
pub use erase::{EraseError, erase_from_stream};
pub use log::EventLog;
pub use message::{MessageError, headers, read_message, subject};
pub use relay::{Relay, RelayError};
pub use replay::{Replay, ReplayError, ReplaySubject, ReplaySubjectError, Republished};
pub use stream::{STREAM, SUBJECTS, StreamSettings, ensure_stream};
pub use subscription::{Feed, Follower, News, Subscription, SubscriptionError};
