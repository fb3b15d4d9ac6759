//! Somebody is erased, and others are not.

use domain::WorkoutId;
use event_store::{
    CommandContext, EventStore, ExecuteError, StoreConfig, StoreError, begin_erasure,
    complete_erasure, head, remove_events_of, unfinished_erasures,
};
use futures::future::join_all;
use uuid::Uuid;

use crate::commands::{Record, create, execute, keyed, owner, rename, schedule};
use crate::database::{all_events, another_process, database, somebody_waits};

#[tokio::test]
async fn of_an_erased_owner_the_tombstone_remains_and_of_others_everything() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let (gone, stays) = (owner(), owner());
    let plan_id = domain::PlanId(Uuid::now_v7());
    execute(&store, gone, &create(plan_id, gone)).await.unwrap();
    let key = Uuid::now_v7();
    store.execute(&keyed(gone, key, "rename"), &rename(plan_id, "A name")).await.unwrap();
    for _ in 0..5 {
        execute(&store, stays, &Record::new(stays)).await.unwrap();
        execute(&store, gone, &Record::new(gone)).await.unwrap();
    }

    let mut transaction = pool.begin().await.unwrap();
    let erasure =
        begin_erasure(&mut transaction, &CommandContext::new(gone, "test")).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(erasure.position, 13);
    assert_eq!(head(&pool).await.unwrap(), 13);
    assert_eq!(unfinished_erasures(&pool).await.unwrap(), [erasure]);

    assert_eq!(remove_events_of(&pool, &erasure).await.unwrap(), 7);
    assert_eq!(remove_events_of(&pool, &erasure).await.unwrap(), 0);
    complete_erasure(&pool, gone).await.unwrap();
    assert_eq!(unfinished_erasures(&pool).await.unwrap(), []);

    let events = all_events(&pool).await;
    let left: Vec<_> = events.iter().map(|event| (event.position, event.owner_id)).collect();
    let expected = [(3, stays), (5, stays), (7, stays), (9, stays), (11, stays), (13, gone)];
    assert_eq!(left, expected);
    assert_eq!(events[5].event_type(), "user.erased");
    let remembered: i64 =
        sqlx::query_scalar("select count(*) from es.commands where command_id = $1")
            .bind(key)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(remembered, 0);
}

#[tokio::test]
async fn whoever_is_erased_twice_has_one_tombstone() {
    let pool = database().await;
    let gone = owner();
    let mut positions = Vec::new();
    for _ in 0..2 {
        let mut transaction = pool.begin().await.unwrap();
        let context = CommandContext::new(gone, "test");
        positions.push(begin_erasure(&mut transaction, &context).await.unwrap().position);
        transaction.commit().await.unwrap();
    }
    assert_eq!(positions, [1, 1]);
    assert_eq!(all_events(&pool).await.len(), 1);
}

#[tokio::test]
async fn two_who_are_erased_at_once_have_tombstones_one_behind_the_other() {
    let pool = database().await;
    let mut first = pool.begin().await.unwrap();
    let context = CommandContext::new(owner(), "test");
    let before = begin_erasure(&mut first, &context).await.unwrap();

    let second = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut second = pool.begin().await.unwrap();
            let context = CommandContext::new(owner(), "test");
            let behind = begin_erasure(&mut second, &context).await.unwrap();
            second.commit().await.unwrap();
            behind
        }
    });
    somebody_waits(&pool).await;
    first.commit().await.unwrap();

    let behind = second.await.unwrap();
    assert_eq!((before.position, behind.position), (1, 2));
    assert_eq!(all_events(&pool).await.len(), 2);
    assert_eq!(head(&pool).await.unwrap(), 2);
}

/// In this process and in another one, alone and in a batch with others, with and without a key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_of_an_erased_owner_is_refused_and_hurts_nobody_else() {
    let pool = database().await;
    let here = EventStore::new(pool.clone(), StoreConfig::default());
    let there = another_process(&pool).await;
    let (gone, stays) = (owner(), owner());
    let plan_id = domain::PlanId(Uuid::now_v7());
    execute(&here, gone, &create(plan_id, gone)).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let erasure =
        begin_erasure(&mut transaction, &CommandContext::new(gone, "test")).await.unwrap();
    transaction.commit().await.unwrap();
    remove_events_of(&pool, &erasure).await.unwrap();

    for store in [&here, &there] {
        let theirs = (0..20).map(|number| async move {
            let refused = match number % 3 {
                0 => execute(store, gone, &Record::new(gone)).await.map(drop),
                // Its state may still be in memory.
                1 => execute(store, gone, &schedule(plan_id, WorkoutId(Uuid::now_v7())))
                    .await
                    .map(drop),
                _keyed => {
                    let context = keyed(gone, Uuid::now_v7(), "record");
                    store.execute(&context, &Record::new(gone)).await.map(drop)
                }
            };
            assert!(
                matches!(
                    refused,
                    Err(ExecuteError::Store(StoreError::OwnerErased) | ExecuteError::Refused(_))
                ),
                "{refused:?}"
            );
        });
        let others = (0..20).map(|_| async {
            execute(store, stays, &Record::new(stays)).await.unwrap();
        });
        tokio::join!(join_all(theirs), join_all(others));
    }

    let events = all_events(&pool).await;
    assert_eq!(events.iter().filter(|event| event.owner_id == stays).count(), 40);
    assert_eq!(events.iter().filter(|event| event.owner_id == gone).count(), 1);
}
