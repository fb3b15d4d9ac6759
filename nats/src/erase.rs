use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, push};
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use domain::Part;
use event_store::Erasure;
use futures::StreamExt;
use tokio::time::timeout;

use crate::message;
use crate::stream::{STREAM, SUBJECTS};

/// How long the server may take to say anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why somebody's messages were not removed. Try again later.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The stream has not come to the tombstone: what lies before it may still be published.
    #[error("the stream has not come to position {0}")]
    NotPublished(i64),
    /// JetStream failed, or is away.
    #[error("the stream cannot be used: {0}")]
    Stream(String),
}

/// Removes the messages of somebody who is being erased from the stream, and overwrites them in the
/// server's store; how many. Their events must be gone from Postgres already, or they may be published again.
///
/// # Errors
/// When the stream is away or not far enough; what was removed until then stays removed.
pub async fn erase_from_stream(client: &Client, erasure: &Erasure) -> Result<u64, EraseError> {
    let stream = jetstream::new(client.clone()).get_stream(STREAM).await.map_err(failed)?;
    if !has_come_to(&stream, erasure.position).await? {
        return Err(EraseError::NotPublished(erasure.position));
    }
    let sequences = sequences_of(client, &stream, erasure).await?;
    for sequence in &sequences {
        stream.delete_message(*sequence).await.map_err(failed)?;
    }
    Ok(sequences.len() as u64)
}

async fn has_come_to(stream: &Stream, position: i64) -> Result<bool, EraseError> {
    match stream.get_last_raw_message_by_subject(SUBJECTS).await {
        Ok(last) => Ok(message::position(&last.headers).is_ok_and(|last| last >= position)),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Where the messages lie that are to go: those of the owner before the tombstone.
async fn sequences_of(
    client: &Client,
    stream: &Stream,
    erasure: &Erasure,
) -> Result<Vec<u64>, EraseError> {
    let part = Part::of(erasure.owner);
    let config = push::OrderedConfig {
        deliver_subject: client.new_inbox(),
        filter_subject: format!("trainer.events.{part}.>"),
        deliver_policy: DeliverPolicy::All,
        headers_only: true,
        ..push::OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(failed)?;
    let mut left = consumer.cached_info().num_pending;
    let mut messages = consumer.messages().await.map_err(failed)?;
    let mut sequences = Vec::new();
    while left > 0 {
        let message = timeout(PATIENCE, messages.next())
            .await
            .map_err(failed)?
            .ok_or_else(|| EraseError::Stream("the consumer ended".to_owned()))?
            .map_err(failed)?;
        let info = message.info().map_err(|error| EraseError::Stream(error.to_string()))?;
        left = info.pending;
        let Some(headers) = &message.headers else { continue };
        let theirs = message::owner(headers) == Ok(erasure.owner)
            && message::position(headers).is_ok_and(|position| position < erasure.position);
        if theirs {
            sequences.push(info.stream_sequence);
        }
    }
    Ok(sequences)
}

fn failed(error: impl std::error::Error) -> EraseError {
    EraseError::Stream(error.to_string())
}
