use std::time::{Duration, Instant};

use chrono::Utc;
use domain::{OwnerId, Part, PlanId};
use event_store::{
    EventStore, LogEnd, RecordedEvent, StoreConfig, begin_erasure, copy_between, head,
    last_position_older_than, last_positions, log_end, read_after, read_stream, remove_events_of,
};
use futures::future::join_all;
use sqlx::PgPool;
use tokio::time::sleep;
use uuid::Uuid;

use crate::commands::{Record, create, execute, owner, rename};
use crate::database::{all_events, database};

#[tokio::test]
async fn a_copy_of_events_equals_a_query_of_them() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let owners: Vec<OwnerId> = (0..20).map(|_| owner()).collect();
    let odd = odd_texts();
    let records = (0..3_000).map(|number| {
        let owner = owners[number % owners.len()];
        let record = Record { notes: odd[number % odd.len()].clone(), ..Record::new(owner) };
        let store = &store;
        async move { execute(store, owner, &record).await.unwrap() }
    });
    join_all(records).await;

    for (after, up_to, batch) in
        [(0, 3_000, 500), (0, i64::MAX, 10_000), (1_234, 2_345, 1), (2_999, 3_000, 7)]
    {
        let mut queried = read_after(&pool, after, i64::MAX).await.unwrap();
        queried.retain(|event| event.position <= up_to);
        let copied = copied(&pool, after, up_to, batch).await;
        assert_eq!(copied.len(), queried.len());
        assert!(copied == queried, "copy of {after}..{up_to} by {batch} differs");
    }
    assert!(copied(&pool, 3_000, i64::MAX, 10).await.is_empty());
    assert!(copied(&pool, 5, 5, 10).await.is_empty());
}

#[tokio::test]
async fn a_copy_is_given_in_batches_and_ends_when_nobody_listens() {
    let (pool, store, owner) = scene().await;
    for _ in 0..30 {
        execute(&store, owner, &Record::new(owner)).await.unwrap();
    }

    let mut batches = copy_between(pool.clone(), 0, 30, 10);
    let first = batches.recv().await.unwrap().unwrap();
    assert_eq!(first.len(), 10);
    drop(batches);

    // Its connection is back or closed: the pool, of ten, serves twenty more like it.
    for _ in 0..20 {
        drop(copy_between(pool.clone(), 0, 30, 1));
    }
    assert_eq!(copied(&pool, 0, 30, 1_000).await.len(), 30);
}

/// Enough of them that they do not fit into what lies between the server and who reads.
#[tokio::test]
async fn nothing_is_open_while_who_reads_takes_their_time() {
    let (pool, store, stays) = scene().await;
    let gone = owner();
    let records = (0..1_000).map(|number| {
        let owner = if number % 2 == 0 { stays } else { gone };
        let record = Record { notes: "x".repeat(10_000), ..Record::new(owner) };
        let store = &store;
        async move { execute(store, owner, &record).await.unwrap() }
    });
    join_all(records).await;

    let mut batches = copy_between(pool.clone(), 0, i64::MAX, 20);
    let mut read = batches.recv().await.unwrap().unwrap();
    // It reads ahead, and then nothing is kept from being pruned.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                and (state <> 'idle' or backend_xmin is not null)",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        if open == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{open} are open");
        sleep(Duration::from_millis(100)).await;
    }
    let mut transaction = pool.begin().await.unwrap();
    let context = event_store::CommandContext::new(gone, "test");
    let erasure = begin_erasure(&mut transaction, &context).await.unwrap();
    transaction.commit().await.unwrap();
    remove_events_of(&pool, &erasure).await.unwrap();

    while let Some(batch) = batches.recv().await {
        read.extend(batch.unwrap());
    }
    let of_gone = read.iter().filter(|event| event.owner_id == gone).count();
    // Four batches were read ahead; and the tombstone.
    assert!(of_gone <= 41, "{of_gone} events of who was erased meanwhile");
    assert_eq!(read.iter().filter(|event| event.owner_id == stays).count(), 500);
    assert_eq!(log_end(&pool).await.unwrap(), LogEnd { position: 1_001, erasures: 1 });
}

#[tokio::test]
async fn a_failed_copy_ends_with_its_error() {
    let (pool, store, owner) = scene().await;
    execute(&store, owner, &Record::new(owner)).await.unwrap();
    sqlx::raw_sql("alter table es.events rename to hidden").execute(&pool).await.unwrap();

    let mut batches = copy_between(pool, 0, 1, 10);

    assert!(matches!(batches.recv().await, Some(Err(sqlx::Error::Database(_)))));
    assert!(batches.recv().await.is_none());
}

#[tokio::test]
async fn a_stream_is_read_in_order_and_alone() {
    let (pool, store, owner) = scene().await;
    let (mine, another) = (PlanId(Uuid::now_v7()), PlanId(Uuid::now_v7()));
    for plan_id in [mine, another] {
        execute(&store, owner, &create(plan_id, owner)).await.unwrap();
    }
    for plan_id in [another, mine, mine] {
        execute(&store, owner, &rename(plan_id, &Uuid::now_v7().to_string())).await.unwrap();
    }

    let places: Vec<(i64, i64)> = read_stream(&pool, "plan", mine.0)
        .await
        .unwrap()
        .iter()
        .map(|event| (event.sequence, event.position))
        .collect();
    assert_eq!(places, [(1, 1), (2, 4), (3, 5)]);
    assert!(read_stream(&pool, "run", mine.0).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_say_whose_they_are_who_acted_and_when() {
    let (pool, store, owner) = scene().await;
    let before = Utc::now();
    let record = Record::new(owner);
    let context = event_store::CommandContext {
        request_id: Some("request 7".to_owned()),
        traceparent: Some("00-aa-bb-01".to_owned()),
        ..event_store::CommandContext::new(owner, "import")
    };
    store.execute(&context, &record).await.unwrap();

    let event = all_events(&pool).await.remove(0);
    assert_eq!((event.owner_id, event.part), (owner, Part::of(owner)));
    assert_eq!(
        (event.event_type(), event.event_version(), event.aggregate_type()),
        ("run.recorded", "1", "run")
    );
    assert_eq!(event.event_id, context.command_id);
    assert!(
        (before..=Utc::now()).contains(&(event.recorded_at + chrono::TimeDelta::microseconds(1)))
    );
    let metadata: serde_json::Value = serde_json::from_slice(&event.metadata).unwrap();
    let expected = serde_json::json!({
        "actor_id": owner, "owner_id": owner, "source": "import", "command_id": context.command_id,
        "correlation_id": context.command_id, "request_id": "request 7", "traceparent": "00-aa-bb-01",
    });
    assert_eq!(metadata, expected);
}

#[tokio::test]
async fn the_head_and_the_last_position_of_each_part_follow_the_events() {
    let (pool, store, first) = scene().await;
    let second =
        std::iter::repeat_with(owner).find(|owner| Part::of(*owner) != Part::of(first)).unwrap();
    let parts = [Part::of(first), Part::of(second)];
    assert_eq!(head(&pool).await.unwrap(), 0);
    assert!(last_positions(&pool, &parts, 0).await.unwrap().is_empty());

    for owner in [first, second, first, first, second] {
        execute(&store, owner, &Record::new(owner)).await.unwrap();
    }

    assert_eq!((head(&pool).await.unwrap(), *store.appended().borrow()), (5, 5));
    let mut last = last_positions(&pool, &parts, 3).await.unwrap();
    last.sort_unstable_by_key(|(_, position)| *position);
    assert_eq!(last, [(parts[1], 2), (parts[0], 3)]);
    assert_eq!(last_positions(&pool, &parts[..1], i64::MAX).await.unwrap(), [(parts[0], 4)]);
}

#[tokio::test]
async fn the_last_position_of_an_age_is_found() {
    let (pool, store, owner) = scene().await;
    assert_eq!(last_position_older_than(&pool, Duration::ZERO).await.unwrap(), 0);
    for _ in 0..5 {
        execute(&store, owner, &Record::new(owner)).await.unwrap();
    }
    sqlx::query(
        "update es.events set recorded_at = recorded_at - interval '2 days' where position <= 3",
    )
    .execute(&pool)
    .await
    .unwrap();

    assert_eq!(last_position_older_than(&pool, Duration::from_secs(24 * 3600)).await.unwrap(), 3);
    assert_eq!(last_position_older_than(&pool, Duration::from_secs(72 * 3600)).await.unwrap(), 0);
    assert_eq!(last_position_older_than(&pool, Duration::ZERO).await.unwrap(), 5);
}

async fn scene() -> (PgPool, EventStore, OwnerId) {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    (pool, store, owner())
}

async fn copied(pool: &PgPool, after: i64, up_to: i64, batch: usize) -> Vec<RecordedEvent> {
    let mut batches = copy_between(pool.clone(), after, up_to, batch);
    let mut events = Vec::new();
    while let Some(batch) = batches.recv().await {
        events.extend(batch.unwrap());
    }
    events
}

/// Texts that a copy or an encoding might trip over, up to the longest that notes may be.
fn odd_texts() -> Vec<String> {
    let short = [
        "",
        "\\",
        "\\.",
        "\\N",
        "it's",
        "\"quoted\"",
        "a\tb\r\nc",
        "{{7*7}} ${x} '); drop table es.events; --",
        "ünïcødé",
        "🏃🏽‍♀️",
        "\u{1}\u{1f}\u{7f}\u{2028}\u{feff}",
        "PGCOPY\n\u{ff}\r\n",
    ];
    let long = ["x".repeat(10_000), "🏃".repeat(10_000), "\"\\".repeat(5_000)];
    short.into_iter().map(str::to_owned).chain(long).chain(vec!["steady".to_owned(); 100]).collect()
}
