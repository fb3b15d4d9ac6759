use async_nats::Client;

/// Says "there are new events" to the relay; the payload is the last position. Lost ones do no harm.
pub const HINT: &str = "trainer.hints.appended";

/// `trainer.checkpoints.<projection>` says how far a projection has come; the payload is the position.
pub const CHECKPOINTS: &str = "trainer.checkpoints";

/// Says on core NATS what has happened here, for those in other processes who wait for it.
#[derive(Debug, Clone)]
pub struct Announcer {
    client: Client,
}

impl Announcer {
    /// Announces over this connection.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Says that events up to a position were appended.
    pub async fn appended(&self, position: i64) {
        self.say(HINT.to_owned(), position).await;
    }

    /// Says that a projection's rows show everything up to a position.
    pub async fn projected(&self, projection: &str, position: i64) {
        self.say(format!("{CHECKPOINTS}.{projection}"), position).await;
    }

    async fn say(&self, subject: String, position: i64) {
        // While disconnected it would only fill a buffer with old news; those who wait poll then.
        if self.client.connection_state() != async_nats::connection::State::Connected {
            return;
        }
        if let Err(error) = self.client.publish(subject, position.to_string().into()).await {
            tracing::debug!(%error, "announcement not sent");
        }
    }
}
