//! What the consumer sends does not reach the subscriber, but stays in the stream.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, Info, PullConsumer, pull};
use async_nats::jetstream::stream::Stream;
use domain::OwnerId;
use futures::{StreamExt, TryStreamExt};
use nats::STREAM;
use uuid::Uuid;

use super::kit::{Kit, Language, Running};
use super::sums::has_added_up_everything;
use crate::scene::{Scene, eventually, subscribers_client};

const SOMEBODY: OwnerId = OwnerId(Uuid::from_u128(99));

#[tokio::test]
async fn a_python_subscriber_gets_what_another_has_taken_from_its_consumer() {
    gets_what_went_astray(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_gets_what_another_has_taken_from_its_consumer() {
    gets_what_went_astray(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_gets_what_another_has_taken_from_its_consumer() {
    gets_what_went_astray(Language::Rust).await;
}

async fn gets_what_went_astray(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(60).await;
    scene.all_published().await;
    // It reads from the stream's beginning, and on from there.
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;

    steal_one(&scene, &subscriber_url, &subscriber).await;
    scene.record_one(SOMEBODY).await;
    has_added_up_everything(&kit, &scene).await;
    // No other event comes after it.
    steal_one(&scene, &subscriber_url, &subscriber).await;
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_python_subscriber_whose_consumer_was_made_anew_asks_for_what_is_missing() {
    asks_for_what_is_missing(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_whose_consumer_was_made_anew_asks_for_what_is_missing() {
    asks_for_what_is_missing(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_whose_consumer_was_made_anew_asks_for_what_is_missing() {
    asks_for_what_is_missing(Language::Rust).await;
}

/// What its consumer has sent has no hole then; only the chain of the part shows one.
async fn asks_for_what_is_missing(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(60).await;
    scene.all_published().await;
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    let subscriber = kit.start();
    let stream = scene.jetstream.get_stream(STREAM).await.unwrap();
    eventually("a consumer that has sent nothing", async || {
        newest_consumer(&stream).await.delivered.consumer_sequence == 0
    })
    .await;

    let name = waits_no_more(&stream, &subscriber).await;
    stream.delete_consumer(&name).await.unwrap();
    scene.record_one(SOMEBODY).await;
    scene.all_published().await;
    let config = pull::Config {
        name: Some(name),
        deliver_policy: DeliverPolicy::New,
        ack_policy: AckPolicy::None,
        inactive_threshold: Duration::from_secs(60),
        ..pull::Config::default()
    };
    stream.create_consumer(config).await.unwrap();
    subscriber.go_on();
    scene.record_one(SOMEBODY).await;
    has_added_up_everything(&kit, &scene).await;
    assert!(kit.log().contains("reading the stream from its beginning"), "{}", kit.log());
    subscriber.kill().await;
    relay.stop().await;
}

/// Another program with the same user takes the next event from a subscriber's consumer.
async fn steal_one(scene: &Scene, url: &str, subscriber: &Running) {
    let thief = subscribers_client(url).await;
    let stream = jetstream::new(thief).get_stream(STREAM).await.unwrap();
    let name = waits_no_more(&stream, subscriber).await;
    let consumer: PullConsumer = stream.get_consumer(&name).await.unwrap();
    let fetch = consumer.batch().max_messages(1).expires(Duration::from_secs(20));
    let mut taken = fetch.messages().await.unwrap();
    scene.record_one(SOMEBODY).await;
    taken.next().await.unwrap().unwrap();
    subscriber.go_on();
}

/// Lets a subscriber stand still until the server no longer waits for a place to send events to; its consumer's name.
async fn waits_no_more(stream: &Stream, subscriber: &Running) -> String {
    subscriber.stand_still();
    eventually("the end of the subscriber's request", async || {
        newest_consumer(stream).await.num_waiting == 0
    })
    .await;
    newest_consumer(stream).await.name
}

async fn newest_consumer(stream: &Stream) -> Info {
    let consumers: Vec<Info> = stream.consumers().try_collect().await.unwrap();
    consumers.into_iter().max_by_key(|consumer| consumer.created).unwrap()
}
