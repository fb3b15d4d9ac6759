use std::time::Duration;

use tokio::time::sleep;

use crate::scene::{Scene, eventually};
use crate::slow_way::SlowWay;

#[tokio::test]
async fn a_standby_takes_over_when_the_leader_stops() {
    let scene = Scene::new().await;
    let leader = scene.relay();
    scene.record(20).await;
    scene.all_published().await;
    let standby = scene.relay_of(scene.another_client().await, None);
    // It stands by: there is one leader.
    sleep(Duration::from_millis(200)).await;
    assert_eq!(scene.leaders().await.len(), 1);

    leader.stop().await;
    scene.record(20).await;

    scene.assert_all_published_once().await;
    standby.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_that_both_think_they_lead_publish_every_event_once() {
    let scene = Scene::new().await;
    let relays =
        [scene.relay(), scene.relay_of(scene.another_client().await, Some(scene.store.appended()))];
    for _ in 0..4 {
        eventually("a leader", async || scene.leaders().await.len() == 1).await;
        // The leader does not notice while it is busy, and the other one begins.
        scene.depose_the_leader().await;
        for _ in 0..60 {
            scene.record(20).await;
            sleep(Duration::from_millis(10)).await;
        }
    }

    scene.assert_all_published_once().await;
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test]
async fn late_messages_of_a_leader_that_was_replaced_are_refused() {
    let scene = Scene::new().await;
    let way = SlowWay::to_nats_of(&scene).await;
    let replaced = scene.relay_of(way.client.clone(), Some(scene.store.appended()));
    scene.record(20).await;
    scene.all_published().await;
    let successor = scene.relay();

    way.hold();
    scene.record(20).await;
    way.holds_something().await;
    scene.depose_the_leader().await;
    scene.all_published().await;
    // By now the server has forgotten the ids of what it got.
    sleep(Duration::from_millis(300)).await;
    way.release();
    sleep(Duration::from_millis(300)).await;
    scene.record(20).await;

    scene.assert_all_published_once().await;
    replaced.stop().await;
    successor.stop().await;
}

impl Scene {
    /// Takes the lock away from the relay that leads; it does not notice while it is busy.
    async fn depose_the_leader(&self) {
        for leader in self.leaders().await {
            sqlx::query("select pg_terminate_backend($1)")
                .bind(leader)
                .execute(&self.pool)
                .await
                .unwrap();
        }
    }

    /// The Postgres processes that hold the lock of the one relay that leads.
    async fn leaders(&self) -> Vec<i32> {
        sqlx::query_scalar(
            "select l.pid from pg_locks l join pg_database d on d.oid = l.database
              where l.locktype = 'advisory' and l.granted and d.datname = current_database()",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }
}
