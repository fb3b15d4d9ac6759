use std::collections::HashSet;
use std::time::Duration;

use event_store::StoreConfig;
use futures::future::join_all;
use serde_json::json;

use crate::api::{Api, new_database, run};

#[tokio::test]
async fn more_writes_than_the_queue_holds_are_asked_to_come_again() {
    let config = StoreConfig { queue: 2, ..StoreConfig::default() };
    let api = Api::with_store(&new_database().await, config).await;
    let runner = api.runner();

    let answers = join_all((0..300).map(|_| runner.post("/api/v1/runs", run()))).await;

    let statuses: HashSet<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, HashSet::from([201, 503]));
    for turned_away in answers.iter().filter(|answer| answer.status == 503) {
        assert_eq!(turned_away.header("retry-after"), Some("1"));
    }
    // Who was told that it is stored was told the truth, and nothing else is.
    let stored = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(api.head().await, stored as i64);
}

#[tokio::test]
async fn a_database_that_is_gone_is_a_503() {
    let config = StoreConfig { patience: Duration::from_millis(500), ..StoreConfig::default() };
    let api = Api::with_store(&new_database().await, config).await;
    let runner = api.runner();
    let path = runner.run().await;
    sqlx::query("alter table es.head rename to head_elsewhere").execute(&api.pool).await.unwrap();
    let refused = runner.post("/api/v1/runs", run()).await.must_be(503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    let text = String::from_utf8(refused.bytes).unwrap();
    assert!(!text.contains("es.") && !text.contains("head"), "{text}");
    sqlx::query("alter table es.head_elsewhere rename to head").execute(&api.pool).await.unwrap();
    runner.patch(&path, json!({ "notes": "x" })).await.must_be(200);

    api.pool.close().await;
    let unknown = format!("/api/v1/runs/{}", uuid::Uuid::now_v7());
    let refused = runner.patch(&unknown, json!({})).await.must_be(503);
    assert_eq!(refused.header("retry-after"), Some("1"));
}
