use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use embedded::testing::TestServers;
use event_store::{EventStore, StoreConfig};
use tokio::time::sleep;
use uuid::Uuid;

use crate::commands::{Record, execute, owner};
use crate::database::{all_events, assert_dense, database_on};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_postgres_delays_commands_and_loses_and_doubles_none() {
    let servers = TestServers::start_own().await;
    let pool = database_on(&servers).await;
    let config = StoreConfig { patience: Duration::from_secs(30), ..StoreConfig::default() };
    let store = EventStore::new(pool.clone(), config);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..16).map(|_| tokio::spawn(write_until(store.clone(), Arc::clone(&stop)))).collect();

    sleep(Duration::from_millis(300)).await;
    servers.servers().stop_postgres().await.unwrap();
    sleep(Duration::from_millis(300)).await;
    servers.servers().start_postgres().await.unwrap();
    sleep(Duration::from_millis(300)).await;
    servers.servers().kill_all().await.unwrap();
    servers.servers().start_postgres().await.unwrap();
    let restarted_at = *store.appended().borrow();
    sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);

    let mut told = BTreeMap::new();
    for writer in writers {
        told.extend(writer.await.unwrap());
    }
    assert!(
        told.values().any(|position| *position > restarted_at),
        "nothing came after the restarts"
    );
    let events = all_events(&pool).await;
    assert_dense(&events);
    let stored: BTreeMap<Uuid, i64> =
        events.iter().map(|event| (event.aggregate_id, event.position)).collect();
    assert_eq!(stored.len(), events.len(), "a run was recorded twice");
    assert!(stored == told, "{} were stored, {} acknowledged", stored.len(), told.len());
    servers.servers().stop().await.unwrap();
}

/// Records runs, and says which were acknowledged at which position.
async fn write_until(store: EventStore, stop: Arc<AtomicBool>) -> BTreeMap<Uuid, i64> {
    let owner = owner();
    let mut told = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        let recorded = execute(&store, owner, &Record::new(owner)).await.unwrap();
        told.insert(recorded.output.0, recorded.position);
    }
    told
}
