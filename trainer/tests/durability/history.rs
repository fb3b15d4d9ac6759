//! What Postgres and JetStream hold, against each other.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::Subject;
use async_nats::jetstream::{self, Context, consumer::pull::OrderedConfig};
use bytes::Bytes;
use event_store::{RecordedEvent, head, read_after};
use futures::StreamExt;
use nats::{STREAM, SUBJECTS, read_message, subject};
use sqlx::PgPool;

use crate::eventually;

/// How long the relay may need to publish what is missing.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(120);

/// Fails unless the events lie one behind the other, in all and in each stream. Gives the last position.
pub(crate) async fn assert_dense(pool: &PgPool) -> i64 {
    let head = head(pool).await.unwrap();
    let (count, first, last): (i64, Option<i64>, Option<i64>) =
        sqlx::query_as("select count(*), min(position), max(position) from es.events")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(
        (count, first.unwrap_or(1), last.unwrap_or(0)),
        (head, 1, head),
        "events, first and last position"
    );
    let torn: Vec<String> = sqlx::query_scalar(
        "select aggregate_type || ' ' || aggregate_id from es.events
          group by aggregate_type, aggregate_id
         having min(sequence) <> 1 or max(sequence) <> count(*)
             or array_agg(position order by sequence) <> array_agg(position order by position)",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(torn, Vec::<String>::new(), "streams with holes or out of order");
    let twice: i64 =
        sqlx::query_scalar("select count(*) - count(distinct event_id) from es.events")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(twice, 0, "events that are there twice");
    head
}

/// Waits until JetStream answers, which may take until somebody has noticed that it does not.
pub(crate) async fn jetstream_answers(nats_url: &str) {
    eventually("JetStream's answer", Duration::from_secs(90), async || {
        let jetstream = jetstream::new(nats::connect(nats_url, "durability test").await.ok()?);
        jetstream.get_stream(STREAM).await.ok().map(|_stream| ())
    })
    .await;
}

/// Fails unless the stream gets every event, once and in order, as it is stored.
pub(crate) async fn assert_published(pool: &PgPool, nats_url: &str) {
    let jetstream = jetstream::new(nats::connect(nats_url, "durability test").await.unwrap());
    let head = head(pool).await.unwrap();
    eventually("publication of everything", PUBLISHED_WITHIN, async || {
        let stream = jetstream.get_stream(STREAM).await.ok()?;
        let last = stream.get_last_raw_message_by_subject(SUBJECTS).await.ok()?;
        let position = last.headers.get("Trainer-Position")?.as_str().parse::<i64>().ok()?;
        (position == head).then_some(())
    })
    .await;
    let mut faults = faults_of_the_stream(pool, nats_url).await;
    let count = faults.len();
    faults.truncate(20);
    assert!(faults.is_empty(), "{count} faults, such as {faults:#?}");
}

/// How the stream differs from what Postgres has: event for event, as it is now.
pub(crate) async fn faults_of_the_stream(pool: &PgPool, nats_url: &str) -> Vec<String> {
    let jetstream = jetstream::new(nats::connect(nats_url, "durability test").await.unwrap());
    let mut published: HashMap<i64, Vec<(Subject, RecordedEvent)>> = HashMap::new();
    let (mut faults, mut last) = (vec![], 0);
    for message in messages(&jetstream).await {
        let headers = message.headers.as_ref().expect("an event has headers");
        let event = read_message(headers, message.payload.clone()).unwrap();
        if event.position < last {
            faults.push(format!("out of order: {} behind {last}", event.position));
        }
        last = last.max(event.position);
        published.entry(event.position).or_default().push((message.message.subject, event));
    }
    let mut position = 0;
    loop {
        let events = read_after(pool, position, 1_000).await.unwrap();
        let Some(end) = events.last() else { break };
        position = end.position;
        for event in events {
            let position = event.position;
            let found = published.remove(&position).unwrap_or_default();
            match found.as_slice() {
                [] => faults.push(format!("lost: {position}")),
                [one] => {
                    let expected = (
                        Subject::from(subject(event.part, event.event_type())),
                        RecordedEvent { metadata: Bytes::from_static(b"{}"), ..event },
                    );
                    if *one != expected {
                        faults.push(format!("another: {one:?}, not {expected:?}"));
                    }
                }
                several => faults.push(format!("{} times: {position}", several.len())),
            }
        }
    }
    faults.extend(published.keys().map(|position| format!("never happened: {position}")));
    faults
}

/// Every message that is in the stream, in its order.
async fn messages(jetstream: &Context) -> Vec<jetstream::Message> {
    let stream = jetstream.get_stream(STREAM).await.unwrap();
    let count = stream.cached_info().state.messages;
    let consumer = stream.create_consumer(OrderedConfig::default()).await.unwrap();
    let mut messages = consumer.messages().await.unwrap();
    let mut all = vec![];
    for _ in 0..count {
        let message = tokio::time::timeout(PUBLISHED_WITHIN, messages.next()).await;
        all.push(message.expect("the stream goes on").unwrap().unwrap());
    }
    all
}
