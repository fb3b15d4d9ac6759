//! Somebody else's long transaction on the same server holds nothing up.

use std::fmt;
use std::time::{Duration, Instant};

use projector::checkpoints;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::sleep;

use crate::history::{assert_dense, assert_published};
use crate::latencies::Phase;
use crate::outage::Load;
use crate::program::{TestFolder, Trainer};
use crate::read_models::assert_equal_their_rebuild;
use crate::{eventually, is_undisturbed, number_from};

/// How long an event may take into rows on a busy machine.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// How often is looked at least, however long that takes.
const ENOUGH: usize = 10;

/// How much longer than before half of the events may take while the transactions are open: what other tests do meanwhile
/// is not the same.
const SLACK: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_foreign_transaction_is_open_events_are_projected_and_rebuilt() {
    let open_for = Duration::from_secs(number_from("TRAINER_TEST_OUTAGE_SECONDS").unwrap_or(4));
    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    let urls = folder.urls().await;
    let pool = PgPool::connect(&urls.database_url).await.unwrap();
    sqlx::query("create database neighbours").execute(&pool).await.unwrap();
    let (server, _database) = urls.database_url.rsplit_once("/trainer?").expect("its own database");

    let load = Load::start(trainer.address, trainer.address, trainer.address).await;
    let before = lags(&pool, open_for / 2).await;
    let foreign = [
        Foreign::begin(&urls.database_url).await,
        Foreign::begin(&format!("{server}/neighbours?sslmode=disable")).await,
    ];
    load.enters(Phase::Away).await;
    let during = lags(&pool, open_for).await;
    println!("into the rows: {before} before, {during} while foreign transactions are open");
    assert!(during.half <= before.half * 3 + SLACK || !is_undisturbed(), "the lag has grown");
    folder.prints(&["projections", "rebuild", "--all"]);
    for foreign in foreign {
        foreign.end().await;
    }
    load.enters(Phase::After).await;
    sleep(Duration::from_millis(500)).await;
    load.end("foreign transactions open").await;

    assert_dense(&pool).await;
    assert_published(&pool, &urls.nats_url).await;
    assert_equal_their_rebuild(&pool, &folder).await;
    pool.close().await;
    trainer.stop();
}

/// How long events took into the rows.
struct Lags {
    half: Duration,
    longest: Duration,
    count: usize,
}

impl fmt::Display for Lags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { half, longest, count } = self;
        write!(f, "p50 {half:.1?}, max {longest:.1?} of {count}")
    }
}

/// Looks again and again how long it takes until the last event is in the rows of all projections.
async fn lags(pool: &PgPool, within: Duration) -> Lags {
    let (began, mut lags) = (Instant::now(), vec![]);
    while began.elapsed() < within || lags.len() < ENOUGH {
        let head = event_store::head(pool).await.unwrap();
        let stored = Instant::now();
        eventually("the way of an event into the rows", SHOWN_WITHIN, async || {
            let checkpoints = checkpoints(pool).await.unwrap();
            checkpoints.iter().all(|checkpoint| checkpoint.position >= head).then_some(())
        })
        .await;
        lags.push(stored.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
    lags.sort_unstable();
    let longest = *lags.last().expect("there are events");
    Lags { half: lags[lags.len() / 2], longest, count: lags.len() }
}

/// A transaction that has written and sees the database as it was when it began.
struct Foreign {
    connection: PgConnection,
    id: String,
}

impl Foreign {
    async fn begin(url: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(
            "begin isolation level repeatable read; create table ours (n int); insert into ours values (1)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        let id = transaction(&mut connection).await;
        Self { connection, id }
    }

    /// Commits; it must have been the same transaction all the time.
    async fn end(mut self) {
        assert_eq!(transaction(&mut self.connection).await, self.id);
        sqlx::raw_sql("commit").execute(&mut self.connection).await.unwrap();
        self.connection.close().await.unwrap();
    }
}

async fn transaction(connection: &mut PgConnection) -> String {
    sqlx::query_scalar("select pg_current_xact_id()::text").fetch_one(connection).await.unwrap()
}
