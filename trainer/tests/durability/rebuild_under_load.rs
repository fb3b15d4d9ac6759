//! A rebuild beside many writers, killed again and again: nobody notices, and the rows are right.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use rand::Rng;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::long_history::{all_come_along, fill};
use crate::program::{Ask, Runner, TestFolder, Trainer};
use crate::read_models::all_shown;
use crate::{eventually, number_from};

/// How many writes a second all writers send, as long as the machine can answer them.
const WRITES_PER_S: u64 = 500;

/// How long a rebuild may need to come as far as it is to be killed.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_killed_again_and_again_under_load_ends_and_nobody_has_noticed() {
    let events = number_from("TRAINER_TEST_EVENTS").unwrap_or(30_000);
    let kills = number_from("TRAINER_TEST_KILLS").unwrap_or(3);
    let writers = number_from("TRAINER_TEST_WRITERS").unwrap_or(10);
    println!(
        "TRAINER_TEST_EVENTS={events} TRAINER_TEST_KILLS={kills} TRAINER_TEST_WRITERS={writers}"
    );
    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    fill(&pool, events).await;
    all_come_along(&pool).await;
    let load = Load::start(trainer.address, writers).await;

    let mut reached = 0;
    for kill in 1..=kills {
        let mut rebuild = folder.command(&["projections", "rebuild", "--all", "--json"]);
        let mut rebuild = rebuild.spawn().unwrap();
        // Somewhere in the stretch that is its own; at once, when the one before has come beyond it.
        let end = (events * kill / (kills + 1)) as i64;
        let at = rand::rng().random_range(reached.min(end)..=end);
        let position = eventually("the rebuild's progress", PATIENCE, async || {
            let position = next_position(&pool).await;
            (position >= at && position > 0).then_some(position)
        })
        .await;
        rebuild.kill().unwrap();
        rebuild.wait().unwrap();
        println!("kill {kill} at position {position}");
        assert!(position >= reached, "it began again");
        reached = position;
        nobody_rebuilds(&pool).await;
    }
    let began = Instant::now();
    let told = folder.prints(&["projections", "rebuild", "--all", "--json"]);
    println!("the last one took {:.1?}: {}", began.elapsed(), told.trim());

    let (written, per_s) = load.end().await;
    println!("{written} writes meanwhile, {per_s:.0} a second, each read back");
    assert!(written > 0);
    all_shown(&pool).await;
    for line in folder.prints(&["projections", "verify", "--json"]).lines() {
        let verified: Value = serde_json::from_str(line).unwrap();
        assert_eq!(verified["clean"], true, "{verified}");
    }
    pool.close().await;
    trainer.stop();
}

async fn next_position(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select coalesce(min(position), 0) from projector.checkpoints where generation = 'next'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Waits until Postgres has noticed that a killed one is gone.
async fn nobody_rebuilds(pool: &PgPool) {
    eventually("the end of a killed rebuild", Duration::from_secs(20), async || {
        let locks: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks l join pg_database d on d.oid = l.database
              where l.locktype = 'advisory' and d.datname = current_database()
                and (l.classid::bigint << 32 | l.objid::bigint) in
                    (select hashtextextended('running-trainer generations of ' || projection, 0)
                       from projector.checkpoints)",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        (locks == 0).then_some(())
    })
    .await;
}

/// Those who write and read what they wrote.
struct Load {
    goes_on: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    writers: JoinSet<()>,
    began: Instant,
}

impl Load {
    async fn start(address: SocketAddr, count: u64) -> Self {
        let (goes_on, written) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let mut writers = JoinSet::new();
        let mut runners = vec![];
        for _ in 0..count {
            runners.push(Runner::register(address).await);
        }
        let pace = Duration::from_millis(1_000 * count / WRITES_PER_S);
        for runner in runners {
            let (goes_on, written) = (Arc::clone(&goes_on), Arc::clone(&written));
            writers.spawn(write_and_read(runner, address, pace, goes_on, written));
        }
        Self { goes_on, written, writers, began: Instant::now() }
    }

    /// How many writes there were, and how many a second.
    async fn end(self) -> (u64, f64) {
        self.goes_on.store(false, Ordering::SeqCst);
        self.writers.join_all().await;
        let written = self.written.load(Ordering::SeqCst);
        (written, written as f64 / self.began.elapsed().as_secs_f64())
    }
}

/// Records runs at a steady pace, and makes up for what came late. Each is there at once, and what there was before never is less.
async fn write_and_read(
    runner: Runner,
    address: SocketAddr,
    pace: Duration,
    goes_on: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
) {
    let (mut writes, mut reads) = (runner.client(address), runner.client(address));
    let mut pace = interval(pace);
    let today = Utc::now().date_naive();
    let mut runs = 0;
    while goes_on.load(Ordering::SeqCst) {
        pace.tick().await;
        let run = json!({ "actual_date": today, "distance_km": 5, "duration_minutes": 30 });
        let answer = writes.send(&Ask::post("/api/v1/runs", run)).await.unwrap().must_be(201);
        let position = answer.position().to_string();
        let path = answer.header("location").unwrap().to_owned();
        let ask = Ask::get(path).header("trainer-position", position.as_str());
        let read = reads.send(&ask).await.unwrap().must_be(200);
        // While the machine is busy the rows may be late, but then the answer says so.
        assert_eq!(read.header("trainer-consistency"), None, "stale");
        runs += 1;
        if runs % 10 == 0 {
            let path = format!("/api/v1/analytics/summary?from={today}&to={today}");
            let ask = Ask::get(path).header("trainer-position", position);
            let summary = reads.send(&ask).await.unwrap().must_be(200).json();
            assert_eq!(summary["total_runs"], runs, "{summary}");
        }
        written.fetch_add(1, Ordering::SeqCst);
    }
}
