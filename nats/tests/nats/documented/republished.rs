//! What is not on NATS any more is published again for it.

use async_nats::jetstream;
use nats::{Refusals, Replay, STREAM};

use super::kit::{Kit, Language};
use super::sums::has_added_up_everything;
use crate::scene::{Scene, subscribers_client};

const SUBJECT: &str = "trainer.replay.mine";

#[tokio::test]
async fn a_python_subscriber_takes_what_is_published_again_and_goes_on() {
    takes_what_is_published_again(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_takes_what_is_published_again_and_goes_on() {
    takes_what_is_published_again(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_takes_what_is_published_again_and_goes_on() {
    takes_what_is_published_again(Language::Rust).await;
}

async fn takes_what_is_published_again(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(60).await;
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    // It was away for longer than events stay.
    scene.record(60).await;
    scene.all_published().await;
    let stream = scene.jetstream.get_stream(STREAM).await.unwrap();
    stream.purge().keep(10).await.unwrap();
    assert!(!kit.start().ends().await.success());
    assert!(kit.log().contains("no longer on NATS: events of part "), "{}", kit.log());

    // From too far on, and it says so.
    let subscriber = kit.start_replay(SUBJECT).await;
    publish_again(&scene, &subscriber_url, 110).await;
    assert!(!subscriber.ends().await.success());
    assert!(kit.log().contains("have it published again from there"), "{}", kit.log());

    // With some of what it knows, and twice.
    let subscriber = kit.start_replay(SUBJECT).await;
    for _ in 0..2 {
        publish_again(&scene, &subscriber_url, 40).await;
    }
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;

    scene.record(60).await;
    scene.all_published().await;
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    relay.stop().await;
}

/// As `trainer events replay` does, once the server knows of who listens.
async fn publish_again(scene: &Scene, subscriber_url: &str, after: usize) {
    // Its answer comes behind the server's knowledge of subscriptions in that account.
    jetstream::new(subscribers_client(subscriber_url).await).get_stream(STREAM).await.unwrap();
    let (subject, refusals) = (SUBJECT.parse().unwrap(), Refusals::default());
    let client = scene.client.clone();
    let begun = Replay::begin(&scene.pool, client, refusals, subject, after as i64, None).await;
    begun.unwrap().publish(&scene.events().await[after..]).await.unwrap();
}
