//! Somebody else's long transaction on the same server holds nothing up.

use std::time::{Duration, Instant};

use projector::checkpoints;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::sleep;

use crate::history::{assert_dense, assert_published};
use crate::latencies::Phase;
use crate::outage::Load;
use crate::program::{TestFolder, Trainer};
use crate::read_models::assert_equal_their_rebuild;
use crate::{eventually, number_from};

/// How long an event may take into rows on a busy machine.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

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
    let foreign = [
        Foreign::begin(&urls.database_url).await,
        Foreign::begin(&format!("{server}/neighbours?sslmode=disable")).await,
    ];
    load.enters(Phase::Away);
    let began = Instant::now();
    while began.elapsed() < open_for {
        let head = event_store::head(&pool).await.unwrap();
        eventually("the way of an event into the rows", SHOWN_WITHIN, async || {
            let checkpoints = checkpoints(&pool).await.unwrap();
            checkpoints.iter().all(|checkpoint| checkpoint.position >= head).then_some(())
        })
        .await;
        sleep(Duration::from_millis(50)).await;
    }
    folder.prints(&["projections", "rebuild", "--all"]);
    for foreign in foreign {
        foreign.end().await;
    }
    load.enters(Phase::After);
    sleep(Duration::from_millis(500)).await;
    load.end("foreign transactions open").await;

    assert_dense(&pool).await;
    assert_published(&pool, &urls.nats_url).await;
    assert_equal_their_rebuild(&pool, &folder).await;
    pool.close().await;
    trainer.stop();
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
