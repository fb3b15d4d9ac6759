use std::time::Duration;

use embedded::testing;
use nats::{Relay, StreamSettings, connect};
use projector::Projection;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::scene::Scene;
use crate::story::{day, owner, ran, record, run_id};

#[tokio::test]
async fn in_another_process_nats_tells_a_projection_at_once() {
    let scene = Scene::new().await;
    let owner = owner();
    let client = connect(&testing::shared().nats_account(), "test").await.unwrap();
    let relay = Relay::new(
        scene.pool.clone(),
        client.clone(),
        StreamSettings::default(),
        Some(scene.store.appended()),
    );
    let shutdown = CancellationToken::new();
    let relay = tokio::spawn(relay.run(shutdown.clone()));
    let mut runs = scene.follow_with(Projection::Runs, client, None);
    let first = scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
    runs.reaches(first).await;
    sleep(Duration::from_millis(1_500)).await;

    // Untold, it looks twice a second, counted from its last look. A busy machine may take as long now and then.
    let mut delays = Vec::new();
    while delays.last().is_none_or(|delay| *delay >= Duration::from_millis(250)) {
        assert!(delays.len() < 40, "{delays:?}");
        let told_at = Instant::now();
        let position =
            scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
        runs.reaches(position).await;
        delays.push(told_at.elapsed());
    }

    let runs_in_all = 1 + delays.len();
    let (metres, seconds) = (runs_in_all * 8_000, runs_in_all * 2_400);
    let totals = format!("2026-01-05 {runs_in_all} {metres} {seconds} 0");
    assert_eq!(scene.totals("weekly_totals", owner).await, [totals]);
    scene.assert_equals_its_rebuild(Projection::Runs).await;
    runs.stop().await;
    shutdown.cancel();
    relay.await.unwrap();
}

#[tokio::test]
async fn without_nats_and_untold_a_projection_still_comes_along() {
    let scene = Scene::new().await;
    let owner = owner();
    let nowhere = connect("nats://127.0.0.1:1", "test").await.unwrap();
    let mut runs = scene.follow_with(Projection::Runs, nowhere, None);

    for _ in 0..5 {
        let position =
            scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
        runs.reaches(position).await;
    }

    assert_eq!(scene.totals("monthly_totals", owner).await, ["2026-01-01 5 40000 12000 0"]);
    runs.stop().await;
}
