//! What a subscription makes of a stream that does not hold every event. No relay runs here: the
//! tests choose what is in the stream.

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use event_store::RecordedEvent;
use futures::TryStreamExt;
use nats::{STREAM, StreamSettings, Subscription, ensure_stream, headers, subject};
use tokio::time::sleep;

use crate::scene::{Received, Scene, eventually};

#[tokio::test]
async fn a_hole_in_the_stream_is_filled_from_postgres() {
    let (scene, mut received) = followed().await;
    for round in 0..5 {
        let first = round * 4 + 2;
        scene.record(4).await;
        let events = scene.events().await;

        // The first and second are missing, and then none.
        scene.publish(&events[events.len() - 2]).await;
        scene.publish(&events[events.len() - 1]).await;

        assert_eq!(received.take(4).await, (first..first + 4).collect::<Vec<_>>());
    }
    received.assert_nothing_more().await;
}

#[tokio::test]
async fn what_comes_again_is_given_once() {
    let (scene, mut received) = followed().await;
    scene.record(3).await;
    let events = scene.events().await;
    for index in [1, 2, 1, 0, 2, 3, 3, 1] {
        scene.publish(&events[index]).await;
    }

    assert_eq!(received.take(3).await, [2, 3, 4]);
    received.assert_nothing_more().await;
}

#[tokio::test]
async fn what_is_no_event_is_passed_over() {
    let (scene, mut received) = followed().await;
    scene.record(2).await;
    let events = scene.events().await;
    scene.publish(&events[1]).await;
    let nonsense = || {
        scene.jetstream.publish_with_headers(
            "trainer.events.07.run.recorded",
            HeaderMap::new(),
            "?".into(),
        )
    };
    nonsense().await.unwrap().await.unwrap();
    scene.publish(&events[2]).await;
    nonsense().await.unwrap().await.unwrap();

    assert_eq!(received.take(2).await, [2, 3]);
    received.assert_nothing_more().await;
}

/// A reader who has heard nothing for half a second looks into Postgres: what is to be erased unseen must be erased in less.
const UNSEEN: Duration = Duration::from_millis(400);

#[tokio::test]
async fn an_erased_event_is_no_hole_to_wait_for() {
    for _ in 0..30 {
        if erased_events_are_passed_over().await {
            return;
        }
    }
    panic!("no event could be erased within {UNSEEN:?} of being recorded");
}

/// Whether it could be tried, on a machine that may be busy.
async fn erased_events_are_passed_over() -> bool {
    let (scene, mut received) = followed().await;
    let heard = Instant::now();
    scene.record(5).await;
    let events = scene.events().await;
    scene.erase(4).await;
    if heard.elapsed() > UNSEEN {
        return false;
    }
    for position in [2, 3, 5, 6] {
        scene.publish(&events[position - 1]).await;
    }
    let came = received.take(4).await;
    if came.contains(&4) {
        return false;
    }
    assert_eq!(came, [2, 3, 5, 6]);

    // At the end, where a reader finds less than the head promises.
    let heard = Instant::now();
    scene.record(2).await;
    scene.erase(8).await;
    if heard.elapsed() > UNSEEN {
        return false;
    }
    let last = scene.events().await.pop().unwrap();
    scene.publish(&last).await;
    assert_eq!(received.take(1).await, [7]);
    received.assert_nothing_more().await;
    scene.record(1).await;
    scene.publish(&scene.events().await.pop().unwrap()).await;
    assert_eq!(received.take(1).await, [9]);

    let mut from_the_beginning = scene.subscribe(0);
    assert_eq!(from_the_beginning.take(7).await, [1, 2, 3, 5, 6, 7, 9]);
    from_the_beginning.assert_nothing_more().await;
    true
}

#[tokio::test]
async fn when_postgres_fails_to_fill_a_hole_nothing_is_lost() {
    let scene = Scene::new().await;
    ensure_stream(&scene.jetstream, &StreamSettings::default()).await.unwrap();
    scene.record(1).await;
    let mut subscription = Subscription::new(scene.pool.clone(), scene.client.clone(), 0, None);
    assert_eq!(subscription.next_batch().await.unwrap().len(), 1);
    // Nothing comes, but now it follows the stream.
    assert!(subscription.next_batch().await.unwrap().is_empty());
    scene.record(4).await;
    let events = scene.events().await;
    // What follows the checkpoint, then a hole: when the hole cannot be filled, the first is not given out either.
    for position in [2, 5] {
        scene.publish(&events[position - 1]).await;
    }
    let stream = scene.jetstream.get_stream(STREAM).await.unwrap();
    // On the same connection: what it says comes behind the messages.
    eventually("both have come", async || {
        let consumer = stream.consumers().try_next().await.unwrap();
        consumer.is_some_and(|consumer| consumer.delivered.consumer_sequence == 2)
    })
    .await;

    sqlx::raw_sql("alter table es.events rename to hidden").execute(&scene.pool).await.unwrap();
    subscription.next_batch().await.unwrap_err();
    assert_eq!(subscription.position(), 1);
    sqlx::raw_sql("alter table es.hidden rename to events").execute(&scene.pool).await.unwrap();

    let mut positions = Vec::new();
    while positions.len() < 4 {
        positions
            .extend(subscription.next_batch().await.unwrap().iter().map(|event| event.position));
    }
    assert_eq!(positions, [2, 3, 4, 5]);
}

/// A subscription that follows the stream; the event at 1 is behind it.
async fn followed() -> (Scene, Received) {
    let scene = Scene::new().await;
    ensure_stream(&scene.jetstream, &StreamSettings::default()).await.unwrap();
    scene.record(1).await;
    let mut received = scene.subscribe(0);
    assert_eq!(received.take(1).await, [1]);
    // Its consumer is there.
    sleep(Duration::from_millis(200)).await;
    (scene, received)
}

impl Scene {
    /// Publishes an event as the relay does, but wherever and as often as the test likes.
    async fn publish(&self, event: &RecordedEvent) {
        let previous = event.position - 1;
        let mut headers = headers(event, previous);
        headers.insert(NATS_MESSAGE_ID, uuid::Uuid::now_v7().to_string());
        let subject = subject(event.part, event.event_type());
        self.jetstream
            .publish_with_headers(subject, headers, event.payload.clone())
            .await
            .unwrap()
            .await
            .unwrap();
    }

    async fn erase(&self, position: i64) {
        sqlx::query("delete from es.events where position = $1")
            .bind(position)
            .execute(&self.pool)
            .await
            .unwrap();
    }
}
