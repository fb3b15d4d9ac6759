//! The subscription: every event in order, each once, whatever NATS does.

mod feed;
mod follower;
mod jetstream;
mod subscribe;

pub use feed::{Feed, News};
pub use follower::Follower;
pub use subscribe::{Subscription, SubscriptionError};
