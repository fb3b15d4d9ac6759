use std::sync::atomic::AtomicU32;

use domain::plan::{Plan, PlanError};
use domain::{OwnerId, PlanId, WorkoutId};
use event_store::{EventStore, ExecuteError, StoreConfig, head, read_stream};
use futures::future::join_all;
use sqlx::PgPool;
use uuid::Uuid;

use crate::commands::{
    Look, Outrun, Refusal, create, execute, owner, remove, rename, schedule, skip,
};
use crate::database::{all_events, another_process, assert_dense, database};

#[tokio::test]
async fn commands_on_one_stream_all_take_effect() {
    let Scene { pool, store, owner, plan_id, .. } = Scene::new().await;

    let commands = (0..32).map(|_| async {
        let workout = schedule(plan_id, WorkoutId(Uuid::now_v7()));
        execute(&store, owner, &workout).await.unwrap().output
    });

    let mut sequences = join_all(commands).await;
    sequences.sort_unstable();
    assert_eq!(sequences, (2..=33).collect::<Vec<_>>());
    assert_dense(&all_events(&pool).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_two_processes_on_one_stream_all_take_effect() {
    let Scene { pool, store, other, owner, plan_id } = Scene::new().await;

    for _ in 0..25 {
        let [here, there] = [
            schedule(plan_id, WorkoutId(Uuid::now_v7())),
            schedule(plan_id, WorkoutId(Uuid::now_v7())),
        ];
        let (here, there) =
            tokio::join!(execute(&store, owner, &here), execute(&other, owner, &there));
        assert_ne!(here.unwrap().output, there.unwrap().output);
    }

    assert_eq!(read_stream(&pool, "plan", plan_id.0).await.unwrap().len(), 51);
    let state = execute(&other, owner, &Look::<Plan>::at(plan_id.0)).await.unwrap().output;
    assert_eq!(state["workouts"].as_object().unwrap().len(), 50);
}

#[tokio::test]
async fn a_command_that_lost_a_race_is_decided_again_three_times() {
    let Scene { store, other, owner, plan_id, .. } = Scene::new().await;
    let outrun = |name, times| Outrun {
        command: rename(plan_id, name),
        plan_id,
        by: other.clone(),
        times: AtomicU32::new(times),
    };

    let won = execute(&store, owner, &outrun("At last", 3)).await.unwrap();
    assert_eq!(won.output, 5, "behind the creation and three renames");

    let lost = execute(&store, owner, &outrun("Never", 4)).await;
    assert!(matches!(lost, Err(ExecuteError::Contended)), "{lost:?}");
    assert_eq!(execute(&store, owner, &rename(plan_id, "Again")).await.unwrap().output, 10);
}

#[tokio::test]
async fn a_refusal_decided_on_an_outdated_state_is_decided_again() {
    let Scene { store, other, owner, plan_id, .. } = Scene::new().await;
    let workout_id = WorkoutId(Uuid::now_v7());
    execute(&other, owner, &schedule(plan_id, workout_id)).await.unwrap();

    // The first store remembers the plan without the workout.
    assert_eq!(execute(&store, owner, &skip(plan_id, workout_id)).await.unwrap().output, 3);
}

#[tokio::test]
async fn a_refusal_in_the_present_state_stands() {
    let Scene { pool, store, owner, plan_id, .. } = Scene::new().await;

    let refused = execute(&store, owner, &skip(plan_id, WorkoutId(Uuid::now_v7()))).await;

    let Err(ExecuteError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal, Refusal::Plan(PlanError::WorkoutNotFound));
    assert_eq!(head(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_command_that_only_an_outdated_state_allows_is_refused() {
    let Scene { pool, store, other, owner, plan_id } = Scene::new().await;
    let workout_id = WorkoutId(Uuid::now_v7());
    execute(&store, owner, &schedule(plan_id, workout_id)).await.unwrap();
    execute(&other, owner, &remove(plan_id, workout_id)).await.unwrap();

    let refused = execute(&store, owner, &skip(plan_id, workout_id)).await;

    let Err(ExecuteError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal, Refusal::Plan(PlanError::WorkoutNotFound));
    assert_eq!(head(&pool).await.unwrap(), 3);
}

#[tokio::test]
async fn a_command_that_changes_nothing_in_an_outdated_state_is_decided_again() {
    let Scene { pool, store, other, owner, plan_id } = Scene::new().await;
    execute(&store, owner, &rename(plan_id, "Autumn")).await.unwrap();
    execute(&other, owner, &rename(plan_id, "Winter")).await.unwrap();

    // In the first store's memory the plan is called that already.
    assert_eq!(execute(&store, owner, &rename(plan_id, "Autumn")).await.unwrap().output, 4);
    let last = read_stream(&pool, "plan", plan_id.0).await.unwrap().pop().unwrap();
    assert!(last.payload.windows(6).any(|word| word == b"Autumn"));
}

#[tokio::test]
async fn a_command_that_changes_nothing_stores_nothing_and_says_where_its_state_is_from() {
    let Scene { pool, store, other, owner, plan_id } = Scene::new().await;
    execute(&other, owner, &rename(plan_id, "Autumn")).await.unwrap();
    execute(&other, owner, &create(PlanId(Uuid::now_v7()), owner)).await.unwrap();

    let nothing = execute(&store, owner, &rename(plan_id, "Autumn")).await.unwrap();

    assert_eq!((nothing.output, nothing.position), (2, 2));
    assert_eq!(head(&pool).await.unwrap(), 3);
}

/// A plan that the first store has created, and so remembers.
struct Scene {
    pool: PgPool,
    store: EventStore,
    other: EventStore,
    owner: OwnerId,
    plan_id: PlanId,
}

impl Scene {
    async fn new() -> Self {
        let pool = database().await;
        let store = EventStore::new(pool.clone(), StoreConfig::default());
        let other = another_process(&pool).await;
        let (owner, plan_id) = (owner(), PlanId(Uuid::now_v7()));
        execute(&store, owner, &create(plan_id, owner)).await.unwrap();
        Self { pool, store, other, owner, plan_id }
    }
}
