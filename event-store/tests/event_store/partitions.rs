//! A table of events that is partitioned by position works as one that is not.

use std::time::Duration;

use domain::{PlanId, WorkoutId};
use event_store::{
    CommandContext, EventStore, Replayed, StoreConfig, begin_erasure, copy_between, head,
    read_after, read_stream, remove_events_of,
};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::commands::{Record, create, execute, keyed, owner, rename, schedule};
use crate::database::{all_events, another_process, assert_dense, database};
use crate::indexes::{scans_during, without_memory};

#[tokio::test]
async fn commands_reads_and_erasures_go_on_over_partitions() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let (stays, gone) = (owner(), owner());
    let plan = PlanId(Uuid::now_v7());
    execute(&store, stays, &create(plan, stays)).await.unwrap();
    execute(&store, stays, &schedule(plan, WorkoutId(Uuid::now_v7()))).await.unwrap();
    let key = keyed(stays, Uuid::now_v7(), "rename");
    store.execute(&key, &rename(plan, "Before")).await.unwrap();
    let before = all_events(&pool).await;

    partition(&pool, 10).await;
    assert_eq!(all_events(&pool).await, before);
    // Past the last partition, into the rest.
    for number in 0..70 {
        let owner = if number % 2 == 0 { stays } else { gone };
        execute(&store, owner, &Record::new(owner)).await.unwrap();
    }
    assert_eq!(
        counts(&pool).await,
        [
            ("events_0", 20),
            ("events_2", 10),
            ("events_3", 10),
            ("events_4", 10),
            ("events_rest", 23)
        ]
        .map(|(name, count)| (name.to_owned(), count))
    );
    let written = all_events(&pool).await;
    for _again in 0..2 {
        partition(&pool, 10).await;
        assert_eq!(all_events(&pool).await, written);
        // What was the rest ends a whole partition ahead, and what comes next goes there, too.
        assert_eq!(counts(&pool).await.last(), Some(&("events_5".to_owned(), 23)));
    }

    // One stream over many partitions; another process knows nothing of it yet, and conflicts are noticed.
    let other = another_process(&pool).await;
    execute(&other, stays, &rename(plan, "Elsewhere")).await.unwrap();
    execute(&store, stays, &rename(plan, "After")).await.unwrap();
    let replayed = store.execute(&key, &rename(plan, "Before")).await.unwrap();
    assert_eq!(replayed.replayed, Replayed::Yes);
    let stream = read_stream(&pool, "plan", plan.0).await.unwrap();
    let sequences: Vec<i64> = stream.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);

    let read = read_after(&pool, 5, 1_000).await.unwrap();
    let mut copied = Vec::new();
    let mut batches = copy_between(pool.clone(), 5, i64::MAX, 7);
    while let Some(batch) = batches.recv().await {
        copied.extend(batch.unwrap());
    }
    assert_eq!(copied, read);
    assert_eq!(read.len(), 70);

    let mut transaction = pool.begin().await.unwrap();
    let erasure =
        begin_erasure(&mut transaction, &CommandContext::new(gone, "test")).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(remove_events_of(&pool, &erasure).await.unwrap(), 35);
}

#[tokio::test]
async fn the_tail_is_read_from_its_partition_only() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), without_memory());
    let owner = owner();
    partition(&pool, 10).await;
    for _ in 0..25 {
        execute(&store, owner, &Record::new(owner)).await.unwrap();
    }
    let scans = scans_during(&pool, async |pool| {
        for _ in 0..12 {
            assert_eq!(read_after(&pool, 22, 100).await.unwrap().len(), 3);
        }
    });
    let scans = scans.await;
    scans.used_only(&["events_2_pkey"]);
    assert!(!scans.indexes.iter().any(|index| index == "events_0_pkey"), "{scans:?}");
}

#[tokio::test]
async fn writes_go_on_while_somebody_reads_the_table_for_long() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let owner = owner();
    execute(&store, owner, &Record::new(owner)).await.unwrap();
    for _again in 0..2 {
        let mut reader = PgConnection::connect_with(&pool.connect_options()).await.unwrap();
        reader.execute("begin; lock table es.events in access share mode").await.unwrap();
        let partitioned = tokio::spawn({
            let pool = pool.clone();
            async move { partition(&pool, 100_000).await }
        });
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(4) {
            let record = Record::new(owner);
            let recorded = execute(&store, owner, &record);
            // The reader is there until after this: who waited for it would wait for ever.
            timeout(Duration::from_secs(20), recorded).await.expect("it waits").unwrap();
            assert!(!partitioned.is_finished(), "under the eyes of a reader");
            sleep(Duration::from_millis(20)).await;
        }
        reader.close().await.unwrap();
        timeout(Duration::from_secs(30), partitioned).await.unwrap().unwrap();
        assert_dense(&all_events(&pool).await);
    }
    assert_eq!(counts(&pool).await.len(), 1);
}

#[tokio::test]
async fn what_an_interruption_has_left_is_finished() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let owner = owner();
    for (table, before) in [("events", 3), ("events_rest", 60)] {
        for _ in 0..before {
            execute(&store, owner, &Record::new(owner)).await.unwrap();
        }
        // So near that the next events would not come in.
        let head = head(&pool).await.unwrap();
        let left = format!(
            "alter table es.{table} add constraint events_end_here check (position between 1 and {head}) not valid"
        );
        pool.execute(left.as_str()).await.unwrap();
        execute(&store, owner, &Record::new(owner)).await.unwrap_err();
        partition(&pool, 10).await;
        for _ in 0..30 {
            execute(&store, owner, &Record::new(owner)).await.unwrap();
        }
    }
    assert_dense(&all_events(&pool).await);
}

/// Does what operators are told to do, with smaller partitions.
async fn partition(pool: &PgPool, size: i64) {
    let script = include_str!("../../../deploy/partition-events.sql");
    let smaller = script.replace(":= 10000000;", &format!(":= {size};"));
    assert_ne!(smaller, script);
    sqlx::raw_sql(&smaller).execute(pool).await.unwrap();
}

/// How many events each partition holds, of those that hold any.
async fn counts(pool: &PgPool) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select c.relname::text, count(*) from es.events e join pg_class c on c.oid = e.tableoid group by 1 order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}
