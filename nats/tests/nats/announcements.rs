use std::time::Duration;

use futures::StreamExt;
use nats::{Announcer, CHECKPOINTS};
use tokio::time::{Instant, timeout};

use crate::scene::{PATIENCE, Scene, eventually};

#[tokio::test]
async fn a_hint_wakes_the_relay_of_another_process() {
    let scene = Scene::new().await;
    let relay = scene.relay_of(scene.another_client().await, None);
    scene.record(1).await;
    scene.all_published().await;
    let announcer = Announcer::new(scene.client.clone());
    let mut delays = Vec::new();

    // Unwoken, it looks twice a second, counted from its last look. A busy machine may take as long now and then.
    for position in 2.. {
        if delays.last().is_some_and(|delay| *delay < Duration::from_millis(250)) {
            break;
        }
        assert!(delays.len() < 40, "{delays:?}");
        scene.record(1).await;
        let announced_at = Instant::now();
        announcer.appended(position).await;
        eventually("the publication", async || scene.published_position().await == Some(position))
            .await;
        delays.push(announced_at.elapsed());
    }

    relay.stop().await;
}

#[tokio::test]
async fn a_projection_says_how_far_it_has_come() {
    let scene = Scene::new().await;
    let mut said =
        scene.another_client().await.subscribe(format!("{CHECKPOINTS}.*")).await.unwrap();
    scene.client.flush().await.unwrap();
    let announcer = Announcer::new(scene.client.clone());
    let mut message = None;

    // The subscription may reach the server after the first words.
    for _ in 0..300 {
        announcer.projected("plans", 0xf0, 42).await;
        if let Ok(said) = timeout(Duration::from_millis(100), said.next()).await {
            message = said;
            break;
        }
    }

    let message = message.unwrap();
    assert_eq!(
        (message.subject.as_str(), &message.payload[..]),
        ("trainer.checkpoints.plans", &b"42 f0"[..])
    );
}

#[tokio::test]
async fn nothing_is_announced_into_the_void() {
    let client = nats::connect("nats://127.0.0.1:1", "test").await.unwrap();
    let announcer = Announcer::new(client);
    let all = async {
        for position in 0..100_000 {
            announcer.appended(position).await;
        }
    };
    timeout(PATIENCE, all).await.unwrap();
}
