use async_nats::{Client, Message, SubscribeError};
use futures::StreamExt;
use tracing::debug;

use super::ReadModels;

/// The subjects on which projectors say how far they have come.
pub const CHECKPOINT_SUBJECT: &str = "trainer.checkpoints.*";
const PREFIX: &str = "trainer.checkpoints.";

/// The subject on which a projection's position is said: as decimal text, and the parts it is about as hexadecimal.
#[must_use]
pub fn checkpoint_subject(projection: &str) -> String {
    format!("{PREFIX}{projection}")
}

impl ReadModels {
    /// Listens to what projectors in other processes announce, until the client is closed. The client subscribes again
    /// by itself after an outage; what was said meanwhile is polled for.
    ///
    /// # Errors
    /// When the client is closed already.
    pub async fn follow_nats(&self, client: Client) -> Result<(), SubscribeError> {
        let mut announcements = client.subscribe(CHECKPOINT_SUBJECT).await?;
        while let Some(message) = announcements.next().await {
            match announcement(&message) {
                Some((projection, parts, position)) => self.announce(projection, parts, position),
                None => debug!("announcement not understood"),
            }
        }
        Ok(())
    }
}

fn announcement(message: &Message) -> Option<(&str, u64, u64)> {
    let projection = message.subject.strip_prefix(PREFIX)?;
    let (position, parts) = std::str::from_utf8(&message.payload).ok()?.split_once(' ')?;
    Some((projection, u64::from_str_radix(parts, 16).ok()?, position.parse().ok()?))
}
