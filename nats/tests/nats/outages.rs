use embedded::testing::TestServers;

use crate::scene::Scene;

#[tokio::test]
async fn with_nats_stopped_events_keep_coming_and_the_stream_is_complete_afterwards() {
    let servers = TestServers::start_own().await;
    let scene = Scene::on(&servers).await;
    let relay = scene.relay();
    let mut received = scene.subscribe(0);
    scene.record(50).await;
    assert_eq!(received.take(50).await, (1..=50).collect::<Vec<_>>());

    servers.servers().stop_nats().await.unwrap();
    for round in 0..5 {
        scene.record(20).await;
        let next = 51 + round * 20;
        assert_eq!(received.take(20).await, (next..next + 20).collect::<Vec<_>>());
    }
    servers.servers().start_nats().await.unwrap();

    scene.assert_all_published_once().await;
    scene.record(10).await;
    assert_eq!(received.take(10).await, (151..=160).collect::<Vec<_>>());
    scene.assert_told_by_nats(&mut received).await;
    scene.assert_all_published_once().await;
    received.assert_nothing_more().await;
    relay.stop().await;
    servers.servers().stop().await.unwrap();
}

#[tokio::test]
async fn after_nats_lost_its_store_the_stream_is_complete_again_and_followed_again() {
    let servers = TestServers::start_own().await;
    let scene = Scene::on(&servers).await;
    let relay = scene.relay();
    let mut received = scene.subscribe(0);
    scene.record(50).await;
    scene.all_published().await;
    // The old stream's numbers run far ahead of what the new one's will be.
    let stream = scene.jetstream.get_stream(nats::STREAM).await.unwrap();
    stream.purge().await.unwrap();
    scene.assert_all_published_once().await;

    servers.servers().wipe_nats_store().await.unwrap();

    scene.assert_all_published_once().await;
    assert_eq!(received.take(50).await, (1..=50).collect::<Vec<_>>());
    scene.assert_told_by_nats(&mut received).await;
    scene.assert_all_published_once().await;
    relay.stop().await;
    servers.servers().stop().await.unwrap();
}
