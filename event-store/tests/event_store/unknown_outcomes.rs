use std::collections::BTreeMap;
use std::time::Duration;

use domain::{OwnerId, PlanId, WorkoutId};
use event_store::{
    CommandContext, EventStore, Replayed, StoreConfig, begin_erasure, head, read_stream,
};
use futures::future::join_all;
use sqlx::PgPool;
use tokio::time::sleep;
use uuid::Uuid;

use crate::commands::{Record, RecordFor, create, execute, keyed, owner, rename, schedule};
use crate::database::{
    HeldUp, all_events, another_process, assert_dense, database, waiting_appends,
};
use crate::lossy_connection::{Loss, LossyStore};

/// In the notes of the run whose request or answer is lost.
const WORD: &str = "lost on the way";

#[tokio::test]
async fn an_append_that_never_arrived_is_stored_once() {
    is_stored_once(Loss::Request).await;
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_stored_once() {
    is_stored_once(Loss::Answer).await;
}

async fn is_stored_once(loss: Loss) {
    let pool = database().await;
    let LossyStore { store, lost } = LossyStore::new(&pool, loss, WORD).await;
    let owner = owner();

    let unlucky = Record { notes: WORD.to_owned(), ..Record::new(owner) };
    let recorded = execute(&store, owner, &unlucky).await.unwrap();

    lost.notified().await;
    assert_eq!((recorded.position, recorded.replayed), (1, Replayed::No));
    assert_eq!(read_stream(&pool, "run", unlucky.run_id.0).await.unwrap().len(), 1);
    assert_eq!(head(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_stored_once_and_all_are_told_their_positions() {
    let pool = database().await;
    let LossyStore { store, lost } = LossyStore::new(&pool, Loss::Answer, WORD).await;
    let (owner, plan_id, workout_id) = (owner(), PlanId(Uuid::now_v7()), WorkoutId(Uuid::now_v7()));
    execute(&store, owner, &create(plan_id, owner)).await.unwrap();
    execute(&store, owner, &schedule(plan_id, workout_id)).await.unwrap();
    let held_up = HeldUp::appends_to(&pool).await;

    let first = spawn_record(&store, owner, "on its way");
    waiting_appends(&pool).await;
    let key = keyed(owner, Uuid::now_v7(), "record");
    let keyed_record = Record::new(owner);
    let keyed_run = keyed_record.run_id;
    let keyed_store = store.clone();
    let keyed_command =
        tokio::spawn(async move { keyed_store.execute(&key, &keyed_record).await.unwrap() });
    let notes = (0..40).map(|number| if number == 20 { WORD } else { "one of many" });
    let others: Vec<_> = notes.map(|notes| spawn_record(&store, owner, notes)).collect();
    let record_for = RecordFor { record: Record::new(owner), plan_id, workout_id };
    let matched_run = record_for.record.run_id;
    let matched = tokio::join!(execute(&store, owner, &record_for), async {
        tokio::task::yield_now().await;
        held_up.release().await;
    });

    lost.notified().await;
    let mut told =
        BTreeMap::from([first.await.unwrap(), (matched_run.0, matched.0.unwrap().position)]);
    let keyed_command = keyed_command.await.unwrap();
    assert_eq!(keyed_command.replayed, Replayed::No);
    told.insert(keyed_run.0, keyed_command.position);
    told.extend(join_all(others).await.into_iter().map(Result::unwrap));
    let events = all_events(&pool).await;
    assert_dense(&events);
    assert_eq!(events.len(), 2 + 1 + 1 + 40 + 3);
    for event in events.iter().filter(|event| event.event_type() == "run.recorded") {
        // The command with three events is told the position of its last.
        let further = if event.aggregate_id == matched_run.0 { 2 } else { 0 };
        assert_eq!(told.remove(&event.aggregate_id), Some(event.position + further));
    }
    assert!(told.is_empty(), "told and not there: {told:?}");
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_found_behind_what_others_have_appended_since() {
    let pool = database().await;
    let LossyStore { store, lost } = LossyStore::new(&pool, Loss::Answer, WORD).await;
    let other = another_process(&pool).await;
    let (owner, plan_id) = (owner(), PlanId(Uuid::now_v7()));
    execute(&store, owner, &create(plan_id, owner)).await.unwrap();

    let unlucky = rename(plan_id, WORD);
    let (renamed, ()) = tokio::join!(execute(&store, owner, &unlucky), async {
        lost.notified().await;
        execute(&other, owner, &rename(plan_id, "And again")).await.unwrap();
    });

    let renamed = renamed.unwrap();
    assert_eq!((renamed.output, renamed.position), (2, 2));
    assert_eq!(read_stream(&pool, "plan", plan_id.0).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_found_without_what_was_erased_since() {
    let pool = database().await;
    let LossyStore { store, lost } = LossyStore::new(&pool, Loss::Answer, WORD).await;
    let (gone, stays) = (owner(), owner());
    let held_up = HeldUp::appends_to(&pool).await;
    // Two batches are on their way, so that what comes then goes together, the owner who will be gone first.
    let first = spawn_record(&store, stays, "on its way");
    waiting_appends(&pool).await;
    let second = spawn_record(&store, stays, "on its way too");
    while waiting_appends(&pool).await.len() < 2 {}
    let of_gone = spawn_record(&store, gone, "soon erased");
    sleep(Duration::from_millis(50)).await;
    let unlucky = spawn_record(&store, stays, WORD);
    sleep(Duration::from_millis(50)).await;
    held_up.release().await;

    // Before the next attempt, or it waits for the lock.
    lost.notified().await;
    let mut transaction = pool.begin().await.unwrap();
    let erasure =
        begin_erasure(&mut transaction, &CommandContext::new(gone, "test")).await.unwrap();
    sqlx::query("delete from es.events where owner_id = $1 and position < $2")
        .bind(gone.0)
        .bind(erasure.position)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();

    let (run_id, position) = unlucky.await.unwrap();
    let stored: Vec<i64> = read_stream(&pool, "run", run_id)
        .await
        .unwrap()
        .iter()
        .map(|event| event.position)
        .collect();
    assert_eq!(stored, [position]);
    // Three others, and the tombstone.
    assert_eq!(head(&pool).await.unwrap(), 5);
    for other in [first, second, of_gone] {
        other.await.unwrap();
    }
}

#[tokio::test]
async fn an_append_whose_backend_is_terminated_is_stored_once() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let owner = owner();
    let held_up = HeldUp::appends_to(&pool).await;
    let waiting = spawn_record(&store, owner, "waits for the lock");
    for backend in waiting_appends(&pool).await {
        terminate(&pool, backend).await;
    }
    // It waits again, in another backend.
    let backend = waiting_appends(&pool).await[0];
    held_up.release().await;
    let (first, position) = waiting.await.unwrap();
    assert_eq!(position, 1);

    // Between two appends.
    terminate(&pool, backend).await;
    let (second, position) =
        spawn_record(&store, owner, "finds its connection gone").await.unwrap();
    assert_eq!(position, 2);
    let streams: Vec<Uuid> =
        all_events(&pool).await.iter().map(|event| event.aggregate_id).collect();
    assert_eq!(streams, [first, second]);
}

fn spawn_record(
    store: &EventStore,
    owner: OwnerId,
    notes: &str,
) -> tokio::task::JoinHandle<(Uuid, i64)> {
    let record = Record { notes: notes.to_owned(), ..Record::new(owner) };
    let store = store.clone();
    tokio::spawn(async move {
        (record.run_id.0, execute(&store, owner, &record).await.unwrap().position)
    })
}

async fn terminate(pool: &PgPool, backend: i32) {
    // Waits until it is gone.
    let gone: bool = sqlx::query_scalar("select pg_terminate_backend($1, 5000)")
        .bind(backend)
        .fetch_one(pool)
        .await
        .unwrap();
    assert!(gone);
}
