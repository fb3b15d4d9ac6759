//! The stream is not the one it was, or holds what is no event.

use domain::{OwnerId, Part};
use nats::STREAM;
use uuid::Uuid;

use super::kit::{Kit, Language};
use super::sums::has_added_up_everything;
use crate::scene::{Scene, eventually};

#[tokio::test]
async fn a_python_subscriber_finds_its_place_in_a_stream_that_was_filled_anew() {
    finds_its_place(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_finds_its_place_in_a_stream_that_was_filled_anew() {
    finds_its_place(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_finds_its_place_in_a_stream_that_was_filled_anew() {
    finds_its_place(Language::Rust).await;
}

async fn finds_its_place(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(60).await;
    scene.all_published().await;
    // Its sequences are ahead of what those of a new stream will be.
    scene.jetstream.get_stream(STREAM).await.unwrap().purge().await.unwrap();
    scene.all_published().await;
    assert_eq!(scene.messages().await[59].sequence, 120);
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;

    // What comes next, up to the sequence that it has come to, is of one part; what comes later, of others.
    scene.jetstream.delete_stream(STREAM).await.unwrap();
    for _ in 0..60 {
        scene.record_one(alone_in_their_part()).await;
    }
    scene.all_published().await;
    scene.record(60).await;
    scene.all_published().await;
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    relay.stop().await;
}

/// Somebody in whose part nobody is whom `Scene::record` knows.
fn alone_in_their_part() -> OwnerId {
    let others: Vec<Part> =
        (0..20).map(|number| Part::of(OwnerId(Uuid::from_u128(number)))).collect();
    let mut somebody = (99..).map(|number| OwnerId(Uuid::from_u128(number)));
    somebody.find(|somebody| !others.contains(&Part::of(*somebody))).unwrap()
}

#[tokio::test]
async fn a_python_subscriber_passes_over_what_is_no_event() {
    passes_over_what_is_no_event(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_passes_over_what_is_no_event() {
    passes_over_what_is_no_event(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_passes_over_what_is_no_event() {
    passes_over_what_is_no_event(Language::Rust).await;
}

async fn passes_over_what_is_no_event(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    nats::ensure_stream(&scene.jetstream, &nats::StreamSettings::default()).await.unwrap();
    scene.publish_foreign().await;
    let relay = scene.relay();
    scene.record(60).await;
    scene.all_published().await;
    let mut subscriber = kit.start();
    subscriber.commits(1).await;
    has_added_up_everything(&kit, &scene).await;
    kit.complains_of("passed over: the message at sequence 1 is no event").await;

    // One is the last for a while, then in the middle.
    scene.publish_foreign().await;
    let complaints = || kit.log().matches("passed over: ").count();
    eventually("a complaint", async || complaints() >= 4).await;
    subscriber.kill().await;
    scene.record(60).await;
    scene.all_published().await;
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    relay.stop().await;
}
