//! The subscription: every event in order, each once, whatever NATS does.

mod feed;
mod follower;
mod jetstream;
mod subscribe;

#[cfg(test)]
pub(crate) use feed::{Feed, News};
#[cfg(test)]
pub(crate) use follower::Follower;
pub use subscribe::{Subscription, SubscriptionError};
