use std::time::Duration;

use tokio::time::advance;

use crate::scene::{PATIENCE, Scene};
use crate::stopped_clock::is_done_without_waiting;

/// Longer than catching up takes on a busy machine.
const A_MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_subscription_catches_up_and_then_follows() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(300).await;
    let mut received = scene.subscribe(100);
    assert_eq!(received.take(200).await, (101..=300).collect::<Vec<_>>());

    for round in 0..20 {
        scene.record(10).await;
        let next = 301 + round * 10;
        assert_eq!(received.take(10).await, (next..next + 10).collect::<Vec<_>>());
    }

    received.assert_nothing_more().await;
    relay.stop().await;
}

#[tokio::test]
async fn what_has_expired_in_the_stream_comes_from_postgres() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(50).await;
    scene.all_published().await;
    scene.jetstream.get_stream(nats::STREAM).await.unwrap().purge().keep(5).await.unwrap();

    let mut received = scene.subscribe(10);
    assert_eq!(received.take(40).await, (11..=50).collect::<Vec<_>>());
    scene.record(10).await;
    assert_eq!(received.take(10).await, (51..=60).collect::<Vec<_>>());
    scene.all_published().await;

    received.assert_nothing_more().await;
    assert_eq!(scene.messages().await.len(), 15, "what has expired stays away");
    relay.stop().await;
}

#[tokio::test]
async fn a_follower_is_told_by_nats() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(1).await;
    let mut received = scene.subscribe(0);
    received.take(1).await;

    scene.assert_told_by_nats(&mut received).await;

    relay.stop().await;
}

#[tokio::test]
async fn catching_up_does_not_wait_between_batches() {
    let scene = Scene::new().await;
    let relay = scene.relay();
    scene.record(1).await;
    scene.all_published().await;
    relay.stop().await;
    // Many batches, and nobody publishes them.
    const EVENTS: i64 = 40_000;
    sqlx::query(
        "insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                                metadata, owner_id, part, event_id, recorded_at)
         select n, aggregate_type, gen_random_uuid()::text, 1, event_type, event_version, payload,
                metadata, owner_id, part, gen_random_uuid(), now()
           from es.events, generate_series(2, $1) n where position = 1",
    )
    .bind(EVENTS)
    .execute(&scene.pool)
    .await
    .unwrap();
    sqlx::query("update es.head set position = $1")
        .bind(EVENTS)
        .execute(&scene.pool)
        .await
        .unwrap();

    let is_read = is_done_without_waiting(A_MINUTE, async {
        let mut received = scene.subscribe(0);
        assert_eq!(received.take(EVENTS as usize).await, (1..=EVENTS).collect::<Vec<_>>());
    })
    .await;

    assert!(is_read, "it waits between batches");
}

#[tokio::test]
async fn without_a_stream_events_come_from_postgres_and_from_the_stream_once_it_is_there() {
    let scene = Scene::new().await;
    scene.record(20).await;
    let mut received = scene.subscribe(0);
    assert_eq!(received.take(20).await, (1..=20).collect::<Vec<_>>());
    scene.record(10).await;
    assert_eq!(received.take(10).await, (21..=30).collect::<Vec<_>>());

    let relay = scene.relay();
    scene.all_published().await;
    scene.assert_told_by_nats(&mut received).await;
    received.assert_nothing_more().await;
    relay.stop().await;
}

#[tokio::test]
async fn what_the_own_process_appended_is_not_waited_for_long() {
    let scene = Scene::new().await;
    nats::ensure_stream(&scene.jetstream, &nats::StreamSettings::default()).await.unwrap();
    // No relay: nothing comes over NATS.
    let mut received = scene.subscribe_as(0, Some(scene.store.appended()));
    scene.record(1).await;
    received.take(1).await;

    for _ in 0..5 {
        let is_read = is_done_without_waiting(PATIENCE, async {
            scene.record(1).await;
            // Much less than the half second that a subscription waits for NATS.
            for _ in 0..10 {
                advance(Duration::from_millis(10)).await;
            }
            received.take(1).await;
        })
        .await;
        assert!(is_read, "what was appended is waited for");
    }
}

#[tokio::test]
async fn whoever_moved_the_checkpoint_is_followed() {
    let scene = Scene::new().await;
    scene.record(10).await;
    let mut subscription = nats::Subscription::new(
        scene.pool.clone(),
        scene.client.clone(),
        0,
        Some(scene.store.appended()),
    );
    assert_eq!(subscription.next_batch().await.unwrap().len(), 10);

    subscription.seek(7);

    assert_eq!(subscription.position(), 7);
    let again: Vec<i64> =
        subscription.next_batch().await.unwrap().iter().map(|event| event.position).collect();
    assert_eq!(again, [8, 9, 10]);
    assert_eq!(subscription.position(), 10);
}
