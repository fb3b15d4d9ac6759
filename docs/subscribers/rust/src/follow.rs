use std::collections::HashSet;
use std::env;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{RawMessageError, RawMessageErrorKind, Stream};
use futures::StreamExt;

use crate::store::{Missing, Received, Store, place};

const STREAM: &str = "TRAINER_EVENTS";

/// Why following ended.
pub enum Interruption {
    /// Events are not on NATS any more; a person has to decide.
    Incomplete(String),
    /// NATS failed. Try again.
    Nats(String),
    /// Our own file failed.
    Store(anyhow::Error),
}

impl From<anyhow::Error> for Interruption {
    fn from(error: anyhow::Error) -> Self {
        Self::Store(error)
    }
}

/// What to follow, and what may be missing.
pub struct Settings {
    /// All parts, or one of them, such as `trainer.events.07.>`; never single types of events, which would look like
    /// holes.
    pub subject: String,
    /// Events up to here may be missing; see "A hole" in docs/SUBSCRIBERS.md.
    accept_up_to: i64,
}

impl Settings {
    pub fn read() -> anyhow::Result<Self> {
        let subject = env::var("SUBSCRIBER_SUBJECT");
        let accept_up_to = env::var("SUBSCRIBER_ACCEPT_UP_TO").ok().map(|text| text.parse());
        Ok(Self {
            subject: subject.unwrap_or_else(|_| "trainer.events.>".to_owned()),
            accept_up_to: accept_up_to.transpose()?.unwrap_or(0),
        })
    }
}

/// Takes events until the stream or the connection is not what it was.
pub async fn follow(
    jetstream: &Context,
    store: &mut Store,
    settings: &Settings,
) -> Result<(), Interruption> {
    let statistics = jetstream.client().statistics();
    let connects = statistics.connects.load(Ordering::Relaxed);
    let stream = jetstream.get_stream(STREAM).await.map_err(nats)?;
    // A stream that was lost and filled again has the same events, but elsewhere.
    if store.sequence() > 0 && !is_where_it_was(&stream, store).await? {
        store.begin_again()?;
    }
    // A consumer of its own each time: what was acknowledged says less than what is in our file.
    let mut consumer = stream
        .create_consumer(pull::Config {
            filter_subject: settings.subject.clone(),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: store.sequence() + 1 },
            ack_policy: AckPolicy::None,
            inactive_threshold: Duration::from_secs(300),
            ..pull::Config::default()
        })
        .await
        .map_err(nats)?;
    let mut delivered = 0;
    while statistics.connects.load(Ordering::Relaxed) == connects {
        let batch = consumer.batch().max_messages(100).expires(Duration::from_millis(500));
        let mut batch = batch.messages().await.map_err(nats)?;
        let mut messages = Vec::new();
        let mut is_astray = false;
        while let Some(message) = batch.next().await {
            let message = message.map_err(nats)?;
            let info = message.info().map_err(nats)?;
            delivered += 1;
            // A batch may also end before all that was sent for it has come, without an error.
            is_astray |= info.consumer_sequence != delivered;
            let sequence = Some(info.stream_sequence);
            messages.push(Received { sequence, message: message.message });
        }
        if is_astray {
            return astray();
        }
        if messages.is_empty() {
            // Nothing happens, or the consumer or the stream is gone, which is an error here.
            if consumer.info().await.map_err(nats)?.delivered.consumer_sequence != delivered {
                return astray();
            }
            let state = stream.get_info().await.map_err(nats)?.state;
            if state.last_sequence < store.sequence() {
                return Ok(());
            }
            continue;
        }
        let mut erased = HashSet::new();
        while let Some(missing) = store.apply(&messages, &erased)? {
            if !was_erased(&stream, &missing, settings.accept_up_to).await? {
                store.begin_again()?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                return Ok(());
            }
            erased.insert(missing.position);
        }
        println!("sequence {}", store.sequence());
    }
    Ok(())
}

/// What the consumer has sent and we have not got, a new one sends again.
fn astray() -> Result<(), Interruption> {
    eprintln!("messages went astray; asking for them again");
    Ok(())
}

/// Whether the last message taken is where it was in the stream.
async fn is_where_it_was(stream: &Stream, store: &Store) -> Result<bool, Interruption> {
    let message = found(stream.get_raw_message(store.sequence()).await)?;
    let place = message.and_then(|message| place(Some(&message.headers)));
    Ok(place.map(|(position, _)| position) == store.position())
}

/// Whether what is missing was erased. Otherwise it is in the stream, or a person has to decide.
async fn was_erased(
    stream: &Stream,
    missing: &Missing,
    accept_up_to: i64,
) -> Result<bool, Interruption> {
    let Missing { part, known, previous, sequence, position } = missing;
    let behind = format!("events of part {part} behind position {known}, up to {previous}");
    let of_part = format!("trainer.events.{part}.>");
    let following = next_event(stream, &of_part, sequence + 1).await?;
    let first = next_event(stream, "trainer.events.>", 1).await?;
    let Some(first) = first.filter(|_| following == Some(*position)) else {
        eprintln!("hole: {behind}; reading the stream from its beginning");
        return Ok(false);
    };
    // Within what the stream covers only erasures take messages out; what lies before it may have expired.
    if known + 1 < first && *previous > accept_up_to {
        return Err(Interruption::Incomplete(behind));
    }
    eprintln!("erased: {behind}");
    Ok(true)
}

/// The position of the first event from a sequence on, if there is one.
async fn next_event(
    stream: &Stream,
    subject: &str,
    mut sequence: u64,
) -> Result<Option<i64>, Interruption> {
    while let Some(message) =
        found(stream.get_first_raw_message_by_subject(subject, sequence).await)?
    {
        if let Some((position, _)) = place(Some(&message.headers)) {
            return Ok(Some(position));
        }
        sequence = message.sequence + 1;
    }
    Ok(None)
}

fn found(
    answer: Result<StreamMessage, RawMessageError>,
) -> Result<Option<StreamMessage>, Interruption> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(nats(error)),
    }
}

fn nats(error: impl std::fmt::Display) -> Interruption {
    Interruption::Nats(error.to_string())
}
