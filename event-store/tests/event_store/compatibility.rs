use cqrs_es::EventStore as _;
use cqrs_es::persist::PersistedEventStore;
use domain::plan::Plan;
use domain::run::Run;
use domain::{PlanId, WorkoutId};
use event_store::{EventStore, StoreConfig, Stream, read_stream};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::commands::{Look, Record, RecordFor, create, execute, owner, rename, schedule, skip};
use crate::database::database;

#[tokio::test]
async fn stock_postgres_es_reads_our_streams() {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let (owner, plan_id) = (owner(), PlanId(Uuid::now_v7()));
    let (first, second) = (WorkoutId(Uuid::now_v7()), WorkoutId(Uuid::now_v7()));
    execute(&store, owner, &create(plan_id, owner)).await.unwrap();
    execute(&store, owner, &rename(plan_id, "Ünïcødé \"quoted\" \\ 🏃")).await.unwrap();
    execute(&store, owner, &schedule(plan_id, first)).await.unwrap();
    execute(&store, owner, &schedule(plan_id, second)).await.unwrap();
    execute(&store, owner, &skip(plan_id, first)).await.unwrap();
    let run = Record { notes: "it's\n\"odd\" \\ \u{1f3c3}".to_owned(), ..Record::new(owner) };
    let run_id = run.run_id;
    execute(&store, owner, &RecordFor { record: run, plan_id, workout_id: second }).await.unwrap();

    is_read_the_same::<Plan>(&pool, &store, plan_id.0, 6).await;
    is_read_the_same::<Run>(&pool, &store, run_id.0, 2).await;
}

async fn is_read_the_same<A: Stream>(pool: &PgPool, store: &EventStore, id: Uuid, length: usize) {
    let repository =
        PostgresEventRepository::new(pool.clone()).with_tables("es.events", "es.snapshots");
    let stock = PersistedEventStore::<_, A>::new_event_store(repository);
    let ours = read_stream(pool, A::TYPE, id).await.unwrap();

    let events = stock.load_events(&id.to_string()).await.unwrap();
    assert_eq!((ours.len(), events.len()), (length, length));
    for (event, ours) in events.iter().zip(&ours) {
        assert_eq!(event.sequence as i64, ours.sequence);
        assert_eq!(event.payload, ours.decode::<A::Event>().unwrap());
        assert_eq!(event.metadata["owner_id"], ours.owner_id.to_string());
    }

    let context = stock.load_aggregate(&id.to_string()).await.unwrap();
    assert_eq!(context.current_sequence, length);
    let state = execute(store, domain::OwnerId(id), &Look::<A>::at(id)).await.unwrap().output;
    assert_eq!(
        without_times(state),
        without_times(serde_json::to_value(context.aggregate).unwrap())
    );
}

/// Stock folds events without the time they were recorded at.
fn without_times(state: Value) -> Value {
    match state {
        Value::Object(fields) => {
            let timeless =
                fields.into_iter().filter(|(name, _)| name != "created_at" && name != "updated_at");
            timeless.map(|(name, value)| (name, without_times(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_times).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => state,
    }
}
