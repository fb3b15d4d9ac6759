use async_nats::Client;

/// Says "there are new events" to the relay; the payload is the last position. Lost ones do no harm.
pub const HINT: &str = "trainer.hints.appended";

/// `trainer.checkpoints.<projection>` says how far a projection has come with some parts; the payload is the position, and
/// the parts as the bits of a hexadecimal number: `1234 ffffffff00000000`.
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
        self.say(HINT.to_owned(), position.to_string()).await;
    }

    /// Says that a projection's rows show everything of some parts up to a position. Bit n stands for part n.
    pub async fn projected(&self, projection: &str, parts: u64, position: i64) {
        self.say(format!("{CHECKPOINTS}.{projection}"), format!("{position} {parts:x}")).await;
    }

    async fn say(&self, subject: String, payload: String) {
        // While disconnected it would only fill a buffer with old news; those who wait poll then.
        if self.client.connection_state() != async_nats::connection::State::Connected {
            return;
        }
        if let Err(error) = self.client.publish(subject, payload.into()).await {
            tracing::debug!(%error, "announcement not sent");
        }
    }
}
