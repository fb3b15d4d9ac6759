//! What a subscriber should have added up.

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::kit::Kit;
use crate::scene::{PATIENCE, Scene};

/// Waits until it has added up every event that Postgres holds, each once.
pub(crate) async fn has_added_up_everything(kit: &Kit, scene: &Scene) {
    let expected = sums(scene).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let shown = kit.shown().await;
        if shown == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{shown}\nis not\n{expected}\n{}", kit.log());
    }
}

async fn sums(scene: &Scene) -> Value {
    let mut runners = Map::new();
    for event in scene.events().await {
        if event.event_type() == "user.erased" {
            continue;
        }
        let data: Value = serde_json::from_slice(&event.payload).unwrap();
        let runner = runners
            .entry(event.owner_id.to_string())
            .or_insert_with(|| json!({ "events": 0, "metres": 0 }));
        let metres = data["run"]["distance_m"].as_i64().unwrap();
        runner["events"] = (runner["events"].as_i64().unwrap() + 1).into();
        runner["metres"] = (runner["metres"].as_i64().unwrap() + metres).into();
    }
    runners.into()
}
