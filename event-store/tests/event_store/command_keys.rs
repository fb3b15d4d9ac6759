use domain::plan::PlanError;
use domain::{OwnerId, PlanId};
use event_store::{EventStore, ExecuteError, Replayed, StoreConfig, head};
use futures::future::join_all;
use sqlx::PgPool;
use uuid::Uuid;

use crate::commands::{Record, Refusal, create, delete, keyed, owner, rename};
use crate::database::{all_events, another_process, database};

#[tokio::test]
async fn the_same_key_and_request_get_the_first_answer_again() {
    let Scene { pool, store, owner, key } = Scene::new().await;
    let request = keyed(owner, key, "record");

    let first = store.execute(&request, &Record::new(owner)).await.unwrap();
    // Something else happens meanwhile: the answer is that of the first time, not of now.
    store.execute(&keyed(owner, Uuid::now_v7(), "another"), &Record::new(owner)).await.unwrap();
    let again = store.execute(&keyed(owner, key, "record"), &Record::new(owner)).await.unwrap();

    assert_eq!((first.position, first.replayed), (1, Replayed::No));
    assert_eq!((again.position, again.replayed), (1, Replayed::Yes));
    assert_eq!(again.output, first.output);
    assert_eq!(head(&pool).await.unwrap(), 2);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let Scene { pool, store, owner, key } = Scene::new().await;
    store.execute(&keyed(owner, key, "record"), &Record::new(owner)).await.unwrap();

    let reused =
        store.execute(&keyed(owner, key, "record something else"), &Record::new(owner)).await;

    assert!(matches!(reused, Err(ExecuteError::KeyReused)), "{reused:?}");
    assert_eq!(head(&pool).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_with_one_key_at_the_same_time_record_one_run() {
    let Scene { pool, store, owner, key } = Scene::new().await;
    let stores = [store, another_process(&pool).await];

    let calls = (0..32).map(|call| {
        let store = stores[call % 2].clone();
        tokio::spawn(async move {
            store.execute(&keyed(owner, key, "record"), &Record::new(owner)).await.unwrap()
        })
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();

    let events = all_events(&pool).await;
    assert_eq!(events.len(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.output.0 == events[0].aggregate_id && answer.position == 1)
    );
    assert_eq!(answers.iter().filter(|answer| answer.replayed == Replayed::No).count(), 1);
}

#[tokio::test]
async fn a_keyed_command_without_events_is_remembered_too() {
    let Scene { pool, store, owner, key } = Scene::new().await;
    let plan_id = PlanId(Uuid::now_v7());
    store.execute(&keyed(owner, Uuid::now_v7(), "create"), &create(plan_id, owner)).await.unwrap();

    let nothing =
        store.execute(&keyed(owner, key, "rename"), &rename(plan_id, "Spring")).await.unwrap();
    assert_eq!((nothing.output, nothing.position, nothing.replayed), (1, 1, Replayed::No));

    store
        .execute(&keyed(owner, Uuid::now_v7(), "change"), &rename(plan_id, "Autumn"))
        .await
        .unwrap();
    let again =
        store.execute(&keyed(owner, key, "rename"), &rename(plan_id, "Spring")).await.unwrap();
    assert_eq!((again.output, again.position, again.replayed), (1, 1, Replayed::Yes));
    assert_eq!(head(&pool).await.unwrap(), 2);
}

#[tokio::test]
async fn a_key_outlives_the_process() {
    let Scene { pool, store, owner, key } = Scene::new().await;
    let first = store.execute(&keyed(owner, key, "record"), &Record::new(owner)).await.unwrap();
    drop(store);

    let store = another_process(&pool).await;
    let again = store.execute(&keyed(owner, key, "record"), &Record::new(owner)).await.unwrap();

    assert_eq!((again.output, again.position, again.replayed), (first.output, 1, Replayed::Yes));
    assert_eq!(head(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_repeated_delete_is_answered_although_nothing_is_left_to_delete() {
    let Scene { store, owner, key, .. } = Scene::new().await;
    let plan_id = PlanId(Uuid::now_v7());
    store.execute(&keyed(owner, Uuid::now_v7(), "create"), &create(plan_id, owner)).await.unwrap();

    let first = store.execute(&keyed(owner, key, "delete"), &delete(plan_id)).await.unwrap();
    let again = store.execute(&keyed(owner, key, "delete"), &delete(plan_id)).await.unwrap();
    assert_eq!(
        (again.output, again.position, again.replayed),
        (first.output, first.position, Replayed::Yes)
    );

    let other_request = store.execute(&keyed(owner, key, "delete another"), &delete(plan_id)).await;
    assert!(matches!(other_request, Err(ExecuteError::KeyReused)), "{other_request:?}");
    let other_key = store.execute(&keyed(owner, Uuid::now_v7(), "delete"), &delete(plan_id)).await;
    assert!(
        matches!(other_key, Err(ExecuteError::Refused(Refusal::Plan(PlanError::NotFound)))),
        "{other_key:?}"
    );
}

#[tokio::test]
async fn a_refused_command_leaves_its_key_free() {
    let Scene { store, owner, key, .. } = Scene::new().await;
    let plan_id = PlanId(Uuid::now_v7());
    let refused = store.execute(&keyed(owner, key, "rename"), &rename(plan_id, "Autumn")).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(_))), "{refused:?}");

    store.execute(&keyed(owner, Uuid::now_v7(), "create"), &create(plan_id, owner)).await.unwrap();
    let renamed =
        store.execute(&keyed(owner, key, "rename"), &rename(plan_id, "Autumn")).await.unwrap();
    assert_eq!((renamed.output, renamed.replayed), (2, Replayed::No));
}

struct Scene {
    pool: PgPool,
    store: EventStore,
    owner: OwnerId,
    key: Uuid,
}

impl Scene {
    async fn new() -> Self {
        let pool = database().await;
        let store = EventStore::new(pool.clone(), StoreConfig::default());
        Self { pool, store, owner: owner(), key: Uuid::now_v7() }
    }
}
