//! A rebuild stands still in the middle of the exchange, with the tables that everybody reads.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::time::sleep;

use crate::eventually;
use crate::long_history::{all_come_along, fill};
use crate::program::{Ask, Runner, TestFolder, Trainer};

/// How long readers may be kept waiting by somebody of whom nothing is heard, on a busy machine.
const READ_WITHIN: Duration = Duration::from_secs(60);

/// How long it may take to stop a rebuild with the tables, and to do it again.
const REBUILT_WITHIN: Duration = Duration::from_secs(300);

/// How long what becomes of a request for the tables may take, which ends by itself in a quarter of a second.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_stands_still_with_the_tables_keeps_readers_waiting_for_seconds_only() {
    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    let runner = Runner::register(trainer.address).await;
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    fill(&pool, 100).await;
    all_come_along(&pool).await;

    let rebuild_runs = ["projections", "rebuild", "runs", "--json"];
    let start = || folder.command(&rebuild_runs).spawn().unwrap();
    let mut dump = dump(&pool).await;
    let mut rebuild = start();
    // It tries for a quarter of a second at a time to get the tables: it must be stopped in such a one, and get them then.
    let began = Instant::now();
    let pid = loop {
        while !is_there(&pool, "not granted").await {
            assert!(began.elapsed() < REBUILT_WITHIN, "it was never stopped with the tables");
            // One that has waited in vain for long gives up.
            if rebuild.try_wait().unwrap().is_some() {
                rebuild = start();
            }
            sleep(Duration::from_millis(20)).await;
        }
        let pid = Pid::from_raw(rebuild.id() as i32);
        kill(pid, Signal::SIGSTOP).unwrap();
        dump.close().await.unwrap();
        // Without the dump its request is granted, unless it was just given up.
        eventually("the end of a request for the tables", SETTLED_WITHIN, async || {
            (!is_there(&pool, "not granted").await).then_some(())
        })
        .await;
        if is_there(&pool, "granted").await {
            break pid;
        }
        dump = self::dump(&pool).await;
        kill(pid, Signal::SIGCONT).unwrap();
    };

    let asked = Instant::now();
    let mut client = runner.client(trainer.address);
    eventually("an answer", READ_WITHIN, async || {
        let mut client = runner.client(trainer.address);
        let answer = client.send(&Ask::get("/api/v1/runs")).await.ok()?;
        (answer.status == 200).then_some(())
    })
    .await;
    println!("readers waited for {:.1?}", asked.elapsed());

    // It wakes and finds its work undone; whoever does it again succeeds.
    kill(pid, Signal::SIGCONT).unwrap();
    assert!(!rebuild.wait().unwrap().success());
    // Until Postgres has noticed that it is gone, no other may begin.
    eventually("a rebuild", REBUILT_WITHIN, async || {
        let again = folder.run(&rebuild_runs);
        let said = String::from_utf8_lossy(&again.stderr);
        assert!(again.status.success() || said.contains("by somebody else"), "{said}");
        again.status.success().then_some(())
    })
    .await;
    client.send(&Ask::get("/api/v1/runs")).await.unwrap().must_be(200);
    pool.close().await;
    trainer.stop();
}

/// A transaction that reads the table, as a dump does.
async fn dump(pool: &PgPool) -> PgConnection {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await.unwrap();
    connection.execute("begin; lock table runs in access share mode").await.unwrap();
    connection
}

/// Whether somebody has, or waits for, the table that is read, for themselves alone.
async fn is_there(pool: &PgPool, how: &str) -> bool {
    sqlx::query_scalar(&format!(
        "select exists (select from pg_locks where relation = 'public.runs'::regclass
                         and mode = 'AccessExclusiveLock' and {how})"
    ))
    .fetch_one(pool)
    .await
    .unwrap()
}
