//! Events are published again, on a subject of their reader's.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use async_nats::{HeaderMap, Subscriber, jetstream};
use domain::OwnerId;
use event_store::RecordedEvent;
use futures::StreamExt;
use nats::{Refusals, Replay, ReplayError, Republished, STREAM, connect, connect_noting};
use tokio::time::timeout;
use uuid::Uuid;

use crate::published::position;
use crate::scene::{PATIENCE, Scene, subscribers_client};

const SUBJECT: &str = "trainer.replay.mine";

/// Whose events `Scene::record` records, among others.
const SOMEBODY: OwnerId = OwnerId(Uuid::from_u128(7));

#[tokio::test]
async fn who_listens_gets_the_messages_of_the_relay_again() {
    let (scene, events, messages) = published(60).await;
    let mut heard = scene.client.subscribe(SUBJECT).await.unwrap();

    let mut replay = begin(&scene, 20, None).await;
    assert_eq!(replay.stream(), None);
    assert_eq!(replay.publish(&events[20..21]).await.unwrap(), republished(1, 0));
    assert_eq!(replay.publish(&events[21..]).await.unwrap(), republished(39, 0));
    assert_same(&mut heard, &messages[20..]).await;
}

/// They are in another account.
#[tokio::test]
async fn the_user_for_subscribers_hears_them_too() {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let relay = scene.relay();
    scene.record(60).await;
    scene.assert_all_published_once().await;
    relay.stop().await;
    let (events, messages) = (scene.events().await, scene.messages().await);
    let subscriber = subscribers_client(&subscriber_url).await;
    let mut heard = subscriber.subscribe(SUBJECT).await.unwrap();
    // Its answer comes behind the server's knowledge of the subscription.
    jetstream::new(subscriber).get_stream(STREAM).await.unwrap();

    let published = begin(&scene, 0, None).await.publish(&events).await.unwrap();
    assert_eq!(published, republished(60, 0));
    assert_same(&mut heard, &messages).await;
}

#[tokio::test]
async fn of_one_owner_only_theirs_are_published_as_the_relay_did() {
    let (scene, events, messages) = published(60).await;
    let theirs: Vec<i64> = events
        .iter()
        .filter(|event| event.owner_id == SOMEBODY)
        .map(|event| event.position)
        .collect();
    assert!(theirs.len() > 1 && theirs.len() < 60);
    let mut heard = scene.client.subscribe(SUBJECT).await.unwrap();

    let mut replay = begin(&scene, 0, Some(SOMEBODY)).await;
    let published = replay.publish(&events).await.unwrap();
    assert_eq!(published, republished(theirs.len() as u64, 0));
    let messages: Vec<StreamMessage> = messages
        .into_iter()
        .filter(|message| position(message).is_some_and(|position| theirs.contains(&position)))
        .collect();
    assert_same(&mut heard, &messages).await;
}

#[tokio::test]
async fn a_stream_with_the_subject_has_taken_every_event_and_none_twice() {
    let (scene, events, _messages) = published(60).await;
    let config = Config {
        name: "MINE".to_owned(),
        subjects: vec!["trainer.replay.>".to_owned()],
        ..Config::default()
    };
    let mine = scene.jetstream.create_stream(config.clone()).await.unwrap();
    for (first, duplicates) in [(20, 0), (0, 40)] {
        let mut replay = begin(&scene, first as i64, None).await;
        assert_eq!(replay.stream(), Some("MINE"));
        let published = replay.publish(&events[first..]).await.unwrap();
        assert_eq!(published, republished(60 - first as u64, duplicates));
    }
    assert_eq!(mine.get_info().await.unwrap().state.messages, 60);

    mine.purge().await.unwrap();
    let full = Config { max_messages: 10, discard: DiscardPolicy::New, ..config };
    scene.jetstream.update_stream(full).await.unwrap();
    // Under ids that the stream does not remember.
    let refused = begin(&scene, 0, None).await.publish(&fresh(events)).await;
    assert!(matches!(refused, Err(ReplayError::NotTaken(_))), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_said() {
    let scene = Scene::new().await;
    let nowhere = connect("nats://127.0.0.1:1", "test").await.unwrap();
    let subject = SUBJECT.parse().unwrap();
    let begin = Replay::begin(&scene.pool, nowhere, Refusals::default(), subject, 0, None);
    let begun = timeout(PATIENCE, begin).await;
    assert!(matches!(begun, Ok(Err(ReplayError::NoAnswer))));
}

/// The server drops what it refuses, and says so on the side.
#[tokio::test]
async fn a_user_who_may_not_publish_is_told() {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let refusals = Refusals::default();
    let client = connect_noting(&subscriber_url, "test", refusals.clone()).await.unwrap();
    let subject = SUBJECT.parse().unwrap();
    let begun = Replay::begin(&scene.pool, client, refusals, subject, 0, None).await;
    let said = begun.err().unwrap();
    assert!(matches!(said, ReplayError::Forbidden(_)), "{said}");
}

/// A scene with so many events, and the messages that the relay has made of them.
async fn published(runs: usize) -> (Scene, Vec<RecordedEvent>, Vec<StreamMessage>) {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(runs).await;
    scene.assert_all_published_once().await;
    relay.stop().await;
    let (events, messages) = (scene.events().await, scene.messages().await);
    assert_eq!((events.len(), messages.len()), (runs, runs));
    (scene, events, messages)
}

fn republished(events: u64, duplicates: u64) -> Republished {
    Republished { events, duplicates }
}

async fn begin(scene: &Scene, after: i64, owner: Option<OwnerId>) -> Replay {
    let subject = SUBJECT.parse().unwrap();
    let refusals = Refusals::default();
    Replay::begin(&scene.pool, scene.client.clone(), refusals, subject, after, owner).await.unwrap()
}

fn fresh(events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    events.into_iter().map(|event| RecordedEvent { event_id: Uuid::now_v7(), ..event }).collect()
}

/// Fails unless what is heard are these messages, in order; not what told the server to keep the order.
async fn assert_same(heard: &mut Subscriber, messages: &[StreamMessage]) {
    for message in messages {
        let again = timeout(PATIENCE, heard.next()).await.unwrap().unwrap();
        assert_eq!(again.payload, message.payload);
        assert_eq!(told(again.headers.as_ref().unwrap()), told(&message.headers));
    }
    assert!(timeout(std::time::Duration::from_millis(100), heard.next()).await.is_err());
}

fn told(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut told: Vec<_> = headers
        .iter()
        .map(|(name, values)| (name.to_string(), values[0].to_string()))
        .filter(|(name, _)| !name.starts_with("Nats-Expected-"))
        .collect();
    told.sort();
    told
}
