//! Clocks that are wrong: positions order things, not times.

use crate::scene::Scene;

#[tokio::test]
async fn whatever_the_clocks_say_events_come_in_the_order_of_their_positions() {
    let scene = Scene::new().await;
    scene.clocks_jump().await;
    let relay = scene.relay();
    let mut received = scene.subscribe(0);
    for round in 0..10 {
        scene.record(20).await;
        let next = 1 + round * 20;
        assert_eq!(received.take(20).await, (next..next + 20).collect::<Vec<_>>());
    }
    scene.assert_all_published_once().await;
    relay.stop().await;

    // Those who begin later look at what is there: the end of the stream, and what Postgres has behind it.
    scene.record(20).await;
    let relay = scene.relay();
    scene.assert_all_published_once().await;
    assert_eq!(scene.subscribe(100).take(120).await, (101..=220).collect::<Vec<_>>());
    let recorded_at: Vec<_> = scene.events().await.iter().map(|event| event.recorded_at).collect();
    assert!(!recorded_at.is_sorted(), "the clocks did not jump");
    received.take(20).await;
    received.assert_nothing_more().await;
    relay.stop().await;
}

impl Scene {
    /// From now on one event is of the day before yesterday, the next one of the day after tomorrow.
    async fn clocks_jump(&self) {
        sqlx::raw_sql(
            "create function jump() returns trigger language plpgsql as $$
             begin
                 new.recorded_at := new.recorded_at + (new.position % 5 - 2) * interval '1 day';
                 return new;
             end $$;
             create trigger jump before insert on es.events for each row execute function jump()",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }
}
