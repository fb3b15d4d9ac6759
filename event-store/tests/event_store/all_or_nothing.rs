use std::sync::atomic::AtomicU32;

use domain::plan::{Plan, PlanError};
use domain::{PlanId, RunId, WorkoutId};
use event_store::{EventStore, ExecuteError, StoreConfig, head, read_stream};
use futures::future::join_all;
use sqlx::PgPool;
use uuid::Uuid;

use crate::commands::{
    Look, Outrun, Record, RecordFor, Refusal, create, execute, owner, remove, schedule,
};
use crate::database::{
    HeldUp, all_events, another_process, assert_dense, database, waiting_appends,
};

#[tokio::test]
async fn a_command_over_several_streams_is_stored_together() {
    let (pool, store, other) = stores().await;
    let (owner, plan_id, workout_id) = (owner(), PlanId(Uuid::now_v7()), WorkoutId(Uuid::now_v7()));
    execute(&store, owner, &create(plan_id, owner)).await.unwrap();
    execute(&store, owner, &schedule(plan_id, workout_id)).await.unwrap();
    let command = RecordFor { record: Record::new(owner), plan_id, workout_id };

    // It is decided twice: of the first time, which lost the plan's stream, nothing may be left.
    let outrun = Outrun { command, plan_id, by: other, times: AtomicU32::new(1) };
    let recorded = execute(&store, owner, &outrun).await.unwrap();

    let events = all_events(&pool).await;
    let types: Vec<_> = events.iter().map(|event| event.event_type()).collect();
    assert_eq!(types[2..], ["plan.renamed", "run.recorded", "run.matched", "workout.completed"]);
    assert_eq!(recorded.position, 6);
    let plan = execute(&store, owner, &Look::<Plan>::at(plan_id.0)).await.unwrap().output;
    assert_eq!(plan["workouts"][workout_id.to_string()]["run_id"], recorded.output.to_string());
}

#[tokio::test]
async fn a_command_that_loses_one_of_its_streams_stores_nothing_in_the_others() {
    let (pool, store, other) = stores().await;
    let (owner, plan_id, workout_id) = (owner(), PlanId(Uuid::now_v7()), WorkoutId(Uuid::now_v7()));
    execute(&store, owner, &create(plan_id, owner)).await.unwrap();
    execute(&store, owner, &schedule(plan_id, workout_id)).await.unwrap();
    let command = RecordFor { record: Record::new(owner), plan_id, workout_id };
    let run_id = command.record.run_id;

    let outrun = Outrun { command, plan_id, by: other.clone(), times: AtomicU32::new(u32::MAX) };
    let lost = execute(&store, owner, &outrun).await;
    assert!(matches!(lost, Err(ExecuteError::Contended)), "{lost:?}");
    assert!(read_stream(&pool, "run", run_id.0).await.unwrap().is_empty());

    execute(&other, owner, &remove(plan_id, workout_id)).await.unwrap();
    let record = Record { run_id, ..Record::new(owner) };
    let refused = execute(&store, owner, &RecordFor { record, plan_id, workout_id }).await;
    let Err(ExecuteError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal, Refusal::Plan(PlanError::WorkoutNotFound));
    assert!(read_stream(&pool, "run", run_id.0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_bad_command_in_a_batch_hurts_nobody_else() {
    let (pool, store, _other) = stores().await;
    let owner = owner();
    let taken: Vec<RunId> = join_all(
        (0..20)
            .map(|_| async { execute(&store, owner, &Record::new(owner)).await.unwrap().output }),
    )
    .await;
    let held_up = HeldUp::appends_to(&pool).await;

    // The first is on its way, the others queue up behind it and become one batch.
    let commands = (0..201).map(|number| {
        let record = match number % 10 {
            // Claims that a run which is there has no events yet: it conflicts whenever it is tried.
            3 => Record { run_id: taken[number / 10], ..Record::new(owner) },
            _ => Record::new(owner),
        };
        let store = store.clone();
        tokio::spawn(async move { (record.run_id, execute(&store, owner, &record).await) })
    });
    let commands: Vec<_> = commands.collect();
    waiting_appends(&pool).await;
    held_up.release().await;

    let (mut stored, mut lost) = (0, 0);
    let outcomes: Vec<_> = join_all(commands).await.into_iter().map(Result::unwrap).collect();
    let events = all_events(&pool).await;
    assert_dense(&events);
    for (run_id, outcome) in outcomes {
        match outcome {
            Ok(executed) => {
                assert_eq!(events[executed.position as usize - 1].aggregate_id, run_id.0);
                stored += 1;
            }
            Err(error) => {
                assert!(
                    matches!(error, ExecuteError::Contended) && taken.contains(&run_id),
                    "{error:?}"
                );
                lost += 1;
            }
        }
    }
    assert_eq!((stored, lost), (181, 20));
    assert_eq!(head(&pool).await.unwrap(), 20 + 181);
}

async fn stores() -> (PgPool, EventStore, EventStore) {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let other = another_process(&pool).await;
    (pool, store, other)
}
