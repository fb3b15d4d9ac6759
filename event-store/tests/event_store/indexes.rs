//! The statements that every command and every reader runs must not read the whole table.

use std::time::Duration;

use domain::plan::Plan;
use domain::{OwnerId, PlanId, WorkoutId};
use event_store::{EventStore, Refused, StoreConfig, Transaction, Work, read_after, read_stream};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::time::Instant;
use uuid::Uuid;

use crate::commands::{Look, Record, Refusal, create, execute, keyed, owner, rename, schedule};
use crate::database::database;

const EVENTS: i64 = 30_000;

/// Often enough that Postgres prefers a generic plan, if it ever does.
const TIMES: i64 = 12;

#[tokio::test]
async fn reading_behind_a_position_uses_its_index() {
    let pool = filled_database().await;
    let scans = scans_during(&pool, async |pool| {
        for time in 0..TIMES {
            assert_eq!(read_after(&pool, time * 2_000, 2_000).await.unwrap().len(), 2_000);
            assert_eq!(read_after(&pool, EVENTS - time, 1_000).await.unwrap().len() as i64, time);
        }
    });
    scans.await.used_only(&["events_pkey"]);
}

#[tokio::test]
async fn loading_a_stream_uses_its_index() {
    let pool = filled_database().await;
    let scans = scans_during(&pool, async |pool| {
        let store = EventStore::new(pool.clone(), without_memory());
        for time in 0..TIMES {
            let plan_id = plan_id(time as u128);
            assert_eq!(read_stream(&pool, "plan", plan_id.0).await.unwrap().len(), 10);
            execute(&store, owner(), &Look::<Plan>::at(plan_id.0)).await.unwrap();
        }
    });
    scans.await.used_only(&["events_aggregate_type_aggregate_id_sequence_key"]);
}

#[tokio::test]
async fn finding_the_plan_of_a_workout_uses_its_index() {
    let pool = filled_database().await;
    let scans = scans_during(&pool, async |pool| {
        let store = EventStore::new(pool, without_memory());
        for time in 0..TIMES {
            let (known, unknown) =
                (WorkoutId(plan_id(time as u128 * 10).0), WorkoutId(Uuid::now_v7()));
            assert_eq!(
                execute(&store, owner(), &PlanOf(known)).await.unwrap().output,
                Some(plan_id(time as u128))
            );
            assert_eq!(execute(&store, owner(), &PlanOf(unknown)).await.unwrap().output, None);
        }
    });
    scans.await.used_only(&["events_by_scheduled_workout"]);
}

#[tokio::test]
async fn appending_uses_the_index_of_streams() {
    let pool = filled_database().await;
    append_under_keys(&pool)
        .await
        .used_only(&["events_aggregate_type_aggregate_id_sequence_key", "commands_pkey"]);
}

#[tokio::test]
async fn appending_to_tables_that_began_empty_uses_the_indexes_too() {
    let pool = database().await;
    // Whoever plans a statement for ever on empty tables should still not choose to read them whole.
    append_under_keys(&pool)
        .await
        .used_only(&["events_aggregate_type_aggregate_id_sequence_key", "commands_pkey"]);
}

async fn append_under_keys(pool: &PgPool) -> Scans {
    // Whether autovacuum comes by is chance: a table that it has found to be one page is read whole, and well so.
    for table in ["es.events", "es.commands"] {
        let alone = format!("alter table {table} set (autovacuum_enabled = false)");
        sqlx::query(&alone).execute(pool).await.unwrap();
    }
    scans_during(pool, async |pool| {
        let store = EventStore::new(pool, StoreConfig::default());
        let (owner, plan_id) = (owner(), PlanId(Uuid::now_v7()));
        execute(&store, owner, &create(plan_id, owner)).await.unwrap();
        for time in 0..100 {
            execute(&store, owner, &schedule(plan_id, WorkoutId(Uuid::now_v7()))).await.unwrap();
            let context = keyed(owner, Uuid::now_v7(), "rename");
            store.execute(&context, &rename(plan_id, &format!("Plan {time}"))).await.unwrap();
            execute(&store, owner, &Record::new(owner)).await.unwrap();
        }
    })
    .await
}

/// Answers which plan a workout is in.
struct PlanOf(WorkoutId);

impl Transaction for PlanOf {
    type Output = Option<PlanId>;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<Option<PlanId>, Refused<Refusal>> {
        Ok(work.plan_of_workout(self.0).await?)
    }
}

pub(crate) fn without_memory() -> StoreConfig {
    StoreConfig { cached_streams: 0, ..StoreConfig::default() }
}

fn plan_id(number: u128) -> PlanId {
    PlanId(Uuid::from_u128(number + 1))
}

/// Thousands of plans of ten workouts each. Their events are not written by commands: it is their
/// number that matters.
async fn filled_database() -> PgPool {
    let pool = database().await;
    let owner: OwnerId = owner();
    sqlx::query(
        "insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                                metadata, owner_id, part, event_id, recorded_at)
         select n, 'plan', lpad(to_hex((n - 1) / 10 + 1), 32, '0')::uuid::text, (n - 1) % 10 + 1, 'workout.scheduled', '1',
                json_build_object('type', 'workout.scheduled', 'plan_id', lpad(to_hex((n - 1) / 10 + 1), 32, '0')::uuid,
                                  'workout_id', lpad(to_hex(n), 32, '0')::uuid, 'scheduled_date', null,
                                  'workout', json_build_object('name', 'Tempo', 'workout_type', 'tempo')),
                '{}', $1, 7, gen_random_uuid(), now()
           from generate_series(1, $2) n",
    )
    .bind(owner.0)
    .bind(EVENTS)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("update es.head set position = $1").bind(EVENTS).execute(&pool).await.unwrap();
    sqlx::raw_sql("analyze es.events").execute(&pool).await.unwrap();
    pool
}

/// How often the tables of schema `es` were read whole, and which indexes were used.
#[derive(Debug)]
pub(crate) struct Scans {
    whole: Vec<(String, i64)>,
    pub(crate) indexes: Vec<String>,
}

impl Scans {
    pub(crate) fn used_only(&self, indexes: &[&str]) {
        assert!(self.whole.is_empty(), "tables were read whole: {:?}", self.whole);
        for index in indexes {
            assert!(
                self.indexes.iter().any(|used| used == index),
                "{index} was not used, but {:?}",
                self.indexes
            );
        }
    }
}

/// Does the work on connections of its own and asks Postgres how it was done. Postgres counts for
/// itself: the statements need not be repeated here.
pub(crate) async fn scans_during(pool: &PgPool, work: impl AsyncFnOnce(PgPool)) -> Scans {
    let options = (*pool.connect_options()).clone();
    let counted = || async {
        let pool =
            PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await.unwrap();
        alone(&pool).await;
        let tables: Vec<(String, i64)> = sqlx::query_as(
            "select relname::text, seq_scan from pg_stat_user_tables
              where schemaname = 'es' and relname <> 'head' order by relname",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        let indexes: Vec<(String, i64)> = sqlx::query_as(
            "select indexrelname::text, idx_scan from pg_stat_user_indexes where schemaname = 'es' order by indexrelname",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        pool.close().await;
        (tables, indexes)
    };
    let (tables_before, indexes_before) = counted().await;
    let working =
        PgPoolOptions::new().max_connections(4).connect_with(options.clone()).await.unwrap();
    work(working).await;
    let (tables, indexes) = counted().await;
    let more = |now: Vec<(String, i64)>, before: Vec<(String, i64)>| -> Vec<(String, i64)> {
        let added =
            now.into_iter().zip(before).map(|((name, now), (_, before))| (name, now - before));
        added.filter(|(_, added)| *added > 0).collect()
    };
    let indexes = more(indexes, indexes_before).into_iter().map(|(name, _)| name).collect();
    Scans { whole: more(tables, tables_before), indexes }
}

/// Ends all other connections, and waits until they are gone: only then a backend's counts are all there.
async fn alone(pool: &PgPool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let others: Vec<bool> = sqlx::query_scalar(
            "select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        if others.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{} connections are still open", others.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
