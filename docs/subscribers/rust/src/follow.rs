use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use futures::StreamExt;

use crate::store::Store;

const STREAM: &str = "TRAINER_EVENTS";

/// All parts, or one of them, such as `trainer.events.07.>`; never single types of events, which would look like
/// holes.
const SUBJECT: &str = "trainer.events.>";

/// Why following ended.
pub enum Interruption {
    /// Events that should have come before one did not.
    Hole(String),
    /// Events are not on NATS any more; a person has to decide.
    Incomplete(String),
    /// NATS failed. Try again.
    Nats(String),
    /// Our own file failed.
    Store(anyhow::Error),
}

/// Takes events until the stream is not what it was, or a hole shows.
pub async fn follow(
    jetstream: &Context,
    store: &mut Store,
    from_the_start: bool,
) -> Result<(), Interruption> {
    let statistics = jetstream.client().statistics();
    let connects = statistics.connects.load(Ordering::Relaxed);
    let stream = jetstream.get_stream(STREAM).await.map_err(nats)?;
    let state = &stream.cached_info().state;
    // A server that lost the end of the stream fills it again; what is known already is passed over.
    let from_the_start =
        from_the_start || store.sequence() == 0 || store.sequence() > state.last_sequence;
    if from_the_start && state.messages == 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        return Ok(());
    }
    let (deliver_policy, first) = if from_the_start {
        (DeliverPolicy::All, Some(first_position(&stream).await?))
    } else {
        (DeliverPolicy::ByStartSequence { start_sequence: store.sequence() + 1 }, None)
    };
    // A consumer of its own each time: what was acknowledged says less than what is in our file.
    let mut consumer = stream
        .create_consumer(pull::Config {
            filter_subject: SUBJECT.to_owned(),
            deliver_policy,
            ack_policy: AckPolicy::None,
            inactive_threshold: Duration::from_secs(300),
            ..pull::Config::default()
        })
        .await
        .map_err(nats)?;
    while statistics.connects.load(Ordering::Relaxed) == connects {
        let batch = consumer.batch().max_messages(100).expires(Duration::from_millis(500));
        let mut batch = batch.messages().await.map_err(nats)?;
        let mut messages: Vec<Message> = Vec::new();
        while let Some(message) = batch.next().await {
            messages.push(message.map_err(nats)?);
        }
        if messages.is_empty() {
            // Nothing happens, or the consumer or the stream is gone, which is an error here.
            consumer.info().await.map_err(nats)?;
            let state = stream.get_info().await.map_err(nats)?.state;
            if state.last_sequence < store.sequence() {
                return Ok(());
            }
            continue;
        }
        store.apply(&messages, first)?;
        println!("sequence {}", store.sequence());
    }
    Ok(())
}

/// The position of the first event in the stream.
async fn first_position(stream: &Stream) -> Result<i64, Interruption> {
    let sequence = stream.cached_info().state.first_sequence;
    let message = stream.get_raw_message(sequence).await.map_err(nats)?;
    let position =
        message.headers.get("Trainer-Position").and_then(|text| text.as_str().parse().ok());
    position.ok_or_else(|| Interruption::Nats("the first message is no event".to_owned()))
}

fn nats(error: impl std::fmt::Display) -> Interruption {
    Interruption::Nats(error.to_string())
}
