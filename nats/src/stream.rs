use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, context};

/// The stream that holds every event.
pub const STREAM: &str = "TRAINER_EVENTS";

/// Every subject in it: `trainer.events.<part>.<noun>.<verb>`.
pub const SUBJECTS: &str = "trainer.events.>";

/// How long the server remembers message ids: as short as it allows. What each message must follow keeps
/// duplicates out; a memory of ids would only keep out what a purged or shortened stream must get again.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);

/// What an operator may choose about the stream.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// How long events stay for subscribers. Postgres keeps them for ever.
    pub retention: Duration,
    /// On how many servers of a cluster they are.
    pub replicas: usize,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self { retention: Duration::from_secs(14 * 24 * 3600), replicas: 1 }
    }
}

/// Creates the stream, or brings its settings up to date.
///
/// # Errors
/// When JetStream does not answer or refuses the settings.
pub async fn ensure_stream(
    jetstream: &Context,
    settings: &StreamSettings,
) -> Result<Stream, context::CreateStreamError> {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECTS.to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_age: settings.retention,
        duplicate_window: DUPLICATE_WINDOW,
        num_replicas: settings.replicas,
        allow_rollup: false,
        ..Config::default()
    };
    match jetstream.update_stream(&config).await {
        Ok(_info) => {}
        Err(_absent) => {
            jetstream.create_stream(config).await?;
        }
    }
    jetstream.get_stream(STREAM).await.map_err(|error| {
        context::CreateStreamError::with_source(context::CreateStreamErrorKind::Response, error)
    })
}
