//! A projector stands still in the middle of its work, is replaced, and wakes beside its successor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use nix::sys::signal::{Signal, kill};
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::history::assert_dense;
use crate::program::{Ask, Client, Runner, TestFolder, Trainer};
use crate::read_models::{all_shown, assert_equal_their_rebuild};
use crate::{eventually, is_undisturbed, number_from};

const WRITERS: usize = 8;

/// How long until one that stands still is replaced, as it is promised.
const REPLACED_WITHIN: Duration = Duration::from_secs(15);

/// How long that may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projector_that_wakes_beside_its_successor_changes_nothing() {
    let rounds = number_from("TRAINER_TEST_ROUNDS").unwrap_or(3);
    let folder = TestFolder::new();
    // The first starts the servers, and is not stopped.
    let writes = Trainer::start(&folder, &["serve", "command-api"]).ready();
    let accounts = Trainer::start(&folder, &["serve", "auth"]).ready();
    let urls = folder.urls().await;
    let pool = PgPool::connect(&urls.database_url).await.unwrap();
    let mut leads = Trainer::start(&folder, &["serve", "projector"]).ready();
    let mut leaders = new_leaders(&pool, &[]).await;
    let mut stands_by = Trainer::start(&folder, &["serve", "projector"]).ready();

    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    let runner = Runner::register(accounts.address).await;
    for _ in 0..WRITERS {
        writers.spawn(write_until(runner.client(writes.address), Arc::clone(&stop)));
    }
    for round in 1..=rounds {
        sleep(Duration::from_millis(200 + round * 37 % 100)).await;
        kill(leads.pid(), Signal::SIGSTOP).unwrap();
        // Its connections stay as they are, but for the one that says who leads.
        for leader in &leaders {
            sqlx::query("select pg_terminate_backend($1)")
                .bind(leader)
                .execute(&pool)
                .await
                .unwrap();
        }
        leaders = new_leaders(&pool, &leaders).await;
        successor_works(&pool).await;
        kill(leads.pid(), Signal::SIGCONT).unwrap();
        std::mem::swap(&mut leads, &mut stands_by);
    }
    // Nobody ends its lease now: that it shows no sign of life is found out, by whichever of the two wakes.
    let paused_for = number_from("TRAINER_TEST_OUTAGE_SECONDS").map(Duration::from_secs);
    let naturally = if paused_for.is_some() { 2 } else { 1 };
    for round in 1..=naturally {
        sleep(Duration::from_millis(500)).await;
        kill(leads.pid(), Signal::SIGSTOP).unwrap();
        let began = Instant::now();
        successor_works(&pool).await;
        println!("round {round}: replaced by itself within {:.1?}", began.elapsed());
        assert!(began.elapsed() > Duration::from_secs(1), "it had nothing to do");
        assert!(began.elapsed() < REPLACED_WITHIN || !is_undisturbed(), "later than promised");
        if let Some(paused_for) = paused_for {
            sleep(paused_for.saturating_sub(began.elapsed())).await;
        }
        kill(leads.pid(), Signal::SIGCONT).unwrap();
        std::mem::swap(&mut leads, &mut stands_by);
    }
    sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::Relaxed);
    let acknowledged = writers.join_all().await.into_iter().sum::<i64>();

    assert_eq!(assert_dense(&pool).await, acknowledged);
    all_shown(&pool).await;
    assert_equal_their_rebuild(&pool, &folder).await;
    pool.close().await;
    for part in [leads, stands_by, accounts, writes] {
        part.stop();
    }
}

/// Waits until everything that is stored now is in the rows, by whoever is awake.
async fn successor_works(pool: &PgPool) {
    let head = event_store::head(pool).await.unwrap();
    eventually("the successor's work", PATIENCE, async || {
        let behind: bool = sqlx::query_scalar(
            "select exists (select from projector.checkpoints where generation = 'live' and position < $1)",
        )
        .bind(head)
        .fetch_one(pool)
        .await
        .unwrap();
        (!behind).then_some(())
    })
    .await;
}

/// Waits until all projections are led by others than these; says in which sessions of Postgres.
async fn new_leaders(pool: &PgPool, former: &[i32]) -> Vec<i32> {
    eventually("a leader of each projection", PATIENCE, async || {
        let leaders: Vec<i32> = sqlx::query_scalar(
            "select l.pid from pg_locks l join pg_database d on d.oid = l.database
              where l.locktype = 'advisory' and l.granted and d.datname = current_database()",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        let projections: i64 = sqlx::query_scalar(
            "select count(distinct projection) from projector.checkpoints where generation = 'live'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        (leaders.len() as i64 == projections && !leaders.iter().any(|leader| former.contains(leader)))
            .then_some(leaders)
    })
    .await
}

/// Records runs and corrects them; says how many writes were acknowledged, of one event each.
async fn write_until(mut client: Client, stop: Arc<AtomicBool>) -> i64 {
    let mut acknowledged = 0;
    while !stop.load(Ordering::Relaxed) {
        let run = json!({ "actual_date": Utc::now().date_naive(), "distance_km": 8.0, "duration_minutes": 40 });
        let record = Ask::post("/api/v1/runs", run).header("prefer", "respond-async");
        let recorded = client.send(&record).await.unwrap().must_be(201);
        let path = recorded.header("location").expect("a location");
        let correct =
            Ask::patch(path, json!({ "distance_km": 9.0 })).header("prefer", "respond-async");
        client.send(&correct).await.unwrap().must_be(200);
        acknowledged += 2;
    }
    acknowledged
}
