//! Others delete from the stream, or write into it.

use std::time::Duration;

use async_nats::HeaderMap;
use nats::STREAM;
use tokio::time::sleep;

use crate::published::{assert_published, position};
use crate::scene::{Scene, eventually};

#[tokio::test]
async fn a_deleted_stream_is_filled_again_with_the_next_event() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(50).await;
    scene.all_published().await;

    scene.jetstream.delete_stream(STREAM).await.unwrap();
    scene.record(10).await;

    scene.assert_all_published_once().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_deleted_stream_is_filled_again_when_nothing_happens() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(50).await;
    scene.all_published().await;

    scene.jetstream.delete_stream(STREAM).await.unwrap();

    scene.assert_all_published_once().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_purged_stream_is_filled_again() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(50).await;
    scene.all_published().await;

    scene.jetstream.get_stream(STREAM).await.unwrap().purge().await.unwrap();

    scene.assert_all_published_once().await;
    scene.record(10).await;
    scene.assert_all_published_once().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_stream_that_lost_its_last_messages_gets_them_again() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(20).await;
    scene.all_published().await;
    relay.stop().await;

    let stream = scene.jetstream.get_stream(STREAM).await.unwrap();
    for sequence in 18..=20 {
        stream.delete_message(sequence).await.unwrap();
    }
    scene.record(5).await;

    let relay = scene.relay();
    scene.all_published().await;
    assert_published(&scene.events().await, &scene.messages().await);
    relay.stop().await;
}

#[tokio::test]
async fn a_stream_that_was_made_anew_is_followed_from_its_beginning() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    let mut received = scene.subscribe(0);
    scene.record(50).await;
    assert_eq!(received.take(50).await, (1..=50).collect::<Vec<_>>());
    // They may have come from Postgres, before the relay.
    scene.all_published().await;
    // Filled again, its numbers are ahead of what those of a new stream will be.
    scene.jetstream.get_stream(STREAM).await.unwrap().purge().await.unwrap();
    scene.assert_all_published_once().await;
    assert_eq!(scene.messages().await[0].sequence, 51);

    scene.jetstream.delete_stream(STREAM).await.unwrap();
    scene.client.force_reconnect().await.unwrap();

    scene.assert_all_published_once().await;
    scene.assert_told_by_nats(&mut received).await;
    relay.stop().await;
}

/// A database that was restored to an earlier state gives the same positions to other events.
#[tokio::test]
async fn a_stream_that_ends_with_what_never_happened_is_not_continued() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(20).await;
    scene.all_published().await;
    relay.stop().await;
    for restore in ["delete from es.events where position > 15", "update es.head set position = 15"]
    {
        sqlx::query(restore).execute(&scene.pool).await.unwrap();
    }

    // Behind the stream's end, at it and beyond it: nothing is published.
    for more in [2, 3, 4] {
        scene.record(more).await;
        let relay = scene.relay();
        sleep(Duration::from_millis(1_200)).await;
        relay.stop().await;
        assert_eq!(scene.messages().await.len(), 20);
    }

    // As the error says.
    scene.jetstream.get_stream(STREAM).await.unwrap().purge().await.unwrap();
    let relay = scene.relay();
    scene.assert_all_published_once().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_foreign_message_in_the_stream_stops_nobody() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    let mut received = scene.subscribe(0);
    scene.record(20).await;
    scene.all_published().await;

    // The running relay is refused its next message, and looks at what is there.
    scene.publish_foreign().await;
    scene.record(20).await;
    scene.all_published().await;
    // A relay that begins finds it at the end.
    scene.publish_foreign().await;
    relay.stop().await;
    let relay = scene.relay();
    scene.record(20).await;
    scene.all_published().await;

    let mut messages = scene.messages().await;
    let all = messages.len();
    messages.retain(|message| position(message).is_some());
    assert!(all - messages.len() <= 4, "{all}");
    assert_published(&scene.events().await, &messages);
    assert_eq!(received.take(60).await, (1..=60).collect::<Vec<_>>());
    received.assert_nothing_more().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_stream_with_nothing_but_foreign_messages_is_filled() {
    let scene = Scene::new().await;
    nats::ensure_stream(&scene.jetstream, &nats::StreamSettings::default()).await.unwrap();
    scene.publish_foreign().await;
    scene.record(5).await;

    let relay = scene.relay();

    eventually("the publication", async || scene.published_position().await == Some(5)).await;
    relay.stop().await;
}

impl Scene {
    /// Two messages that are no events, on a subject for events.
    pub(crate) async fn publish_foreign(&self) {
        let subject = "trainer.events.07.run.recorded";
        self.jetstream.publish(subject, "hello".into()).await.unwrap().await.unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("Trainer-Position", "soon");
        self.jetstream
            .publish_with_headers(subject, headers, "{}".into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
}
