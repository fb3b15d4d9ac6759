use domain::OwnerId;
use event_store::{CommandContext, begin_erasure, complete_erasure, head, remove_events_of};
use nats::{STREAM, erase_from_stream};
use uuid::Uuid;

use super::kit::{Kit, Language};
use super::sums::has_added_up_everything;
use crate::scene::Scene;

#[tokio::test]
async fn a_python_subscriber_goes_on_after_erasures_and_tells_of_expired_events() {
    goes_on_or_tells(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_goes_on_after_erasures_and_tells_of_expired_events() {
    goes_on_or_tells(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_goes_on_after_erasures_and_tells_of_expired_events() {
    goes_on_or_tells(Language::Rust).await;
}

async fn goes_on_or_tells(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(100).await;
    let somebody = OwnerId(Uuid::from_u128(99));
    scene.record_one(somebody).await;
    let mut subscriber = kit.start();
    subscriber.commits(1).await;
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;

    // Somebody goes whose last events it has not seen.
    scene.record(60).await;
    scene.record_one(somebody).await;
    erase(&scene, somebody).await;
    scene.record(60).await;
    scene.all_published().await;
    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    // What tells it of the erased events may come after the last that counts.
    kit.complains_of("erased: events of part ").await;
    subscriber.kill().await;

    // It was away for longer than events stay.
    scene.record(60).await;
    scene.all_published().await;
    let stream = scene.jetstream.get_stream(STREAM).await.unwrap();
    let last = stream.cached_info().state.last_sequence;
    stream.purge().sequence(last - 10).await.unwrap();
    let status = kit.start().ends().await;
    assert!(!status.success());
    assert!(kit.log().contains("no longer on NATS: events of part "), "{}", kit.log());

    // Told to go on, it does.
    let up_to = head(&scene.pool).await.unwrap();
    let mut subscriber = kit.accepting_up_to(up_to).start();
    subscriber.commits(1).await;
    subscriber.kill().await;
    relay.stop().await;
}

async fn erase(scene: &Scene, owner: OwnerId) {
    let mut transaction = scene.pool.begin().await.unwrap();
    let context = CommandContext::new(owner, "test");
    let erasure = begin_erasure(&mut transaction, &context).await.unwrap();
    transaction.commit().await.unwrap();
    remove_events_of(&scene.pool, &erasure).await.unwrap();
    scene.all_published().await;
    erase_from_stream(&scene.client, &erasure).await.unwrap();
    complete_erasure(&scene.pool, owner).await.unwrap();
}
