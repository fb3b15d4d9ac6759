//! What happens to the subscriber's file.

use super::kit::{Kit, Language};
use super::sums::has_added_up_everything;
use crate::scene::Scene;

#[tokio::test]
async fn a_python_subscriber_that_stood_still_while_another_had_its_file_doubles_nothing() {
    doubles_nothing(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_that_stood_still_while_another_had_its_file_doubles_nothing() {
    doubles_nothing(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_that_stood_still_while_another_had_its_file_doubles_nothing() {
    doubles_nothing(Language::Rust).await;
}

async fn doubles_nothing(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(60).await;
    let first = kit.start();
    has_added_up_everything(&kit, &scene).await;

    first.stand_still();
    scene.record(60).await;
    let second = kit.start();
    has_added_up_everything(&kit, &scene).await;
    second.kill().await;
    first.go_on();
    // Once this has had its effect, all before it have had theirs.
    scene.record(1).await;
    has_added_up_everything(&kit, &scene).await;
    first.kill().await;
    relay.stop().await;
}

/// The others leave that to SQLite.
#[tokio::test]
async fn a_javascript_subscriber_keeps_its_file_when_the_disk_is_full() {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(Language::JavaScript, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(40).await;
    let subscriber = kit.with_little_room().start();
    has_added_up_everything(&kit, &scene).await;

    scene.record(200).await;
    kit.complains_of("EFBIG").await;
    subscriber.kill().await;
    // As far as it came, and whole.
    kit.shown().await;

    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    relay.stop().await;
}
