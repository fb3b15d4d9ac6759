use std::time::Duration;

use event_store::{EventStore, StoreConfig};
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;

use crate::commands::{Record, create, execute, owner, rename};
use crate::database::{all_events, another_process, assert_dense, database};

const WRITERS: usize = 64;
const RUNS: usize = 20;
/// Each writer records its runs, begins a plan and renames it.
const COMMANDS: usize = RUNS + 2;

/// What a caller was told.
struct Told {
    position: i64,
    stream: Uuid,
    sequence: i64,
    asked_at: Instant,
    told_at: Instant,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn positions_are_dense_known_on_return_and_in_commit_order() {
    let pool = database().await;
    let total = (WRITERS * COMMANDS) as i64;
    let stores =
        [EventStore::new(pool.clone(), StoreConfig::default()), another_process(&pool).await];
    let readers: Vec<_> = (0..3).map(|_| tokio::spawn(read_along(pool.clone(), total))).collect();
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(stores[writer % 2].clone()))).collect();

    let mut told = Vec::new();
    for writer in writers {
        told.extend(writer.await.unwrap());
    }
    for reader in readers {
        reader.await.unwrap();
    }

    let events = all_events(&pool).await;
    assert_eq!(events.len() as i64, total);
    assert_dense(&events);
    for told in &told {
        let event = &events[told.position as usize - 1];
        assert_eq!(
            (event.aggregate_id, event.sequence),
            (told.stream, told.sequence),
            "what is at {}",
            told.position
        );
    }
    in_real_time_order(told);
}

/// What was asked after another was told has the later position, whichever process it was asked in.
fn in_real_time_order(mut told: Vec<Told>) {
    told.sort_by_key(|told| told.asked_at);
    let mut by_end: Vec<_> = told.iter().collect();
    by_end.sort_by_key(|told| told.told_at);
    let (mut ended, mut last_told) = (0, 0);
    for later in &told {
        while by_end[ended].told_at < later.asked_at {
            last_told = last_told.max(by_end[ended].position);
            ended += 1;
        }
        assert!(
            later.position > last_told,
            "{} was asked for after {last_told} was told",
            later.position
        );
    }
}

async fn write(store: EventStore) -> Vec<Told> {
    let owner = owner();
    let plan_id = domain::PlanId(Uuid::now_v7());
    let mut told = Vec::new();
    for number in 0..COMMANDS {
        let asked_at = Instant::now();
        let (position, stream, sequence) = match number {
            0 => (
                execute(&store, owner, &create(plan_id, owner)).await.unwrap().position,
                plan_id.0,
                1,
            ),
            1 => (
                execute(&store, owner, &rename(plan_id, "Autumn")).await.unwrap().position,
                plan_id.0,
                2,
            ),
            _ => {
                let run = execute(&store, owner, &Record::new(owner)).await.unwrap();
                (run.position, run.output.0, 1)
            }
        };
        told.push(Told { position, stream, sequence, asked_at, told_at: Instant::now() });
    }
    told
}

/// Asks as a relay or projector does for what lies behind the last position it saw.
async fn read_along(pool: PgPool, up_to: i64) {
    let mut last = 0;
    let deadline = Instant::now() + Duration::from_secs(180);
    while last < up_to {
        let positions: Vec<i64> = sqlx::query_scalar(
            "select position from es.events where position > $1 order by position",
        )
        .bind(last)
        .fetch_all(&pool)
        .await
        .unwrap();
        for position in positions {
            assert_eq!(position, last + 1, "a reader saw a gap");
            last = position;
        }
        assert!(Instant::now() < deadline, "only {last} of {up_to} events came");
    }
}
