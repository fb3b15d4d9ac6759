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
const READ_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_stands_still_with_the_tables_keeps_readers_waiting_for_seconds_only() {
    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    let runner = Runner::register(trainer.address).await;
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    fill(&pool, 100).await;
    all_come_along(&pool).await;

    let mut rebuild = folder.command(&["projections", "rebuild", "runs", "--json"]);
    let mut dump = dump(&pool).await;
    let mut rebuild = rebuild.spawn().unwrap();
    let pid = Pid::from_raw(rebuild.id() as i32);
    // It tries for a quarter of a second at a time to get the tables: it must be stopped in such a one, and get them then.
    let began = Instant::now();
    loop {
        eventually("a rebuild that waits for the tables", READ_WITHIN, async || {
            is_there(&pool, "not granted").await.then_some(())
        })
        .await;
        kill(pid, Signal::SIGSTOP).unwrap();
        dump.close().await.unwrap();
        sleep(Duration::from_millis(100)).await;
        if is_there(&pool, "granted").await {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it was never stopped with the tables");
        dump = self::dump(&pool).await;
        kill(pid, Signal::SIGCONT).unwrap();
    }

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
    folder.prints(&["projections", "rebuild", "runs", "--json"]);
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
