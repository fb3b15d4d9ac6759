//! Rows of the failure table that are a matter of the moment: a lock that this test holds keeps somebody at that moment,
//! and there they are killed.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::Utc;
use embedded::testing;
use nix::sys::signal::{Signal, kill};
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::eventually;
use crate::history::assert_dense;
use crate::line::{Line, Way};
use crate::program::{Answer, Ask, Lost, Runner, TestFolder, Trainer};
use crate::read_models::{all_shown, assert_equal_their_rebuild};
use crate::torn_lines::{line, over};

const PATIENCE: Duration = Duration::from_secs(60);

/// The row that orders all appends.
const HEAD: &str = "select from es.head for update";

/// The row that every step of a projection asks.
const CHECKPOINT: &str = "select from projector.checkpoints where projection = 'runs' and generation = 'live' for update";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_killed_between_its_commit_and_its_answer_tells_the_retry_what_is_stored() {
    let mut stage = Stage::new().await;
    let held = Held::take(&stage.database_url, HEAD).await;
    let before = stage.head().await;
    let ask = record("killed after its commit");
    let asked = stage.sends(&ask);
    let _append = stage.waits_for("es.append").await;
    // The commit comes about, and who has asked for it does not hear of that.
    stage.line.becomes(Way::Unanswered);
    held.end().await;
    eventually("the commit", PATIENCE, async || (stage.head().await > before).then_some(())).await;
    stage.kill_api();
    assert!(asked.await.unwrap().is_err(), "nobody was told");

    stage.line.becomes(Way::Open);
    let again = stage.start_api_and_send(&ask).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again:?}");
    assert_eq!(again.position(), before + 1);
    assert_eq!(stage.head().await, before + 1, "stored once");
    assert_dense(&stage.pool).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_killed_before_its_append_has_stored_nothing_and_the_retry_does_it() {
    let mut stage = Stage::new().await;
    for after_it in [Session::Ends, Session::GoesOn] {
        let held = Held::take(&stage.database_url, HEAD).await;
        let before = stage.head().await;
        let ask = record(&format!("{after_it:?}"));
        let asked = stage.sends(&ask);
        let append = stage.waits_for("es.append").await;
        stage.kill_api();
        assert!(asked.await.unwrap().is_err(), "nobody was told");
        if after_it == Session::Ends {
            stage.end_session(append).await;
        }
        held.end().await;
        stage.has_no(append).await;
        // A session that has all it needs appends though nobody listens any more: then the retry finds that.
        let stored = i64::from(after_it == Session::GoesOn);
        assert_eq!(stage.head().await, before + stored, "{after_it:?}");

        let again = stage.start_api_and_send(&ask).await;
        let replayed = again.header("idempotency-replayed").is_some();
        assert_eq!(replayed, after_it == Session::GoesOn, "{again:?}");
        assert_eq!((again.position(), stage.head().await), (before + 1, before + 1));
    }
    assert_dense(&stage.pool).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projector_killed_before_its_commit_or_right_after_it_applies_every_event_once() {
    let stage = Stage::new().await;
    let projects = |stage: &Stage| Trainer::start(&stage.folder, &["serve", "projector"]).ready();
    let mut projector = projects(&stage);
    for after_it in [Session::Ends, Session::GoesOn, Session::Ends] {
        all_shown(&stage.pool).await;
        let before = stage.checkpoint().await;
        let held = Held::take(&stage.database_url, CHECKPOINT).await;
        for number in 0..3 {
            let ask = record(&format!("{number}, {before}"));
            stage.sends(&ask).await.unwrap().unwrap().must_be(201);
        }
        let step = stage.waits_for("projector.checkpoints").await;
        kill(projector.pid(), Signal::SIGKILL).unwrap();
        projector.killed();
        if after_it == Session::Ends {
            stage.end_session(step).await;
        }
        held.end().await;
        stage.has_no(step).await;
        let moved = stage.checkpoint().await > before;
        assert_eq!(moved, after_it == Session::GoesOn, "{after_it:?}");
        projector = projects(&stage);
    }
    all_shown(&stage.pool).await;
    assert_eq!(stage.rows().await, 9);
    assert_equal_their_rebuild(&stage.pool, &stage.folder).await;
    projector.stop();
    stage.end().await;
}

/// What becomes of the session in Postgres of somebody who is killed while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    /// It ends with them, as that of a machine that is gone.
    Ends,
    /// It goes on with what it was told.
    GoesOn,
}

/// A process that takes writes, over a line of its own to Postgres, and one that knows the accounts.
struct Stage {
    folder: TestFolder,
    database_url: String,
    pool: PgPool,
    line: Line,
    accounts: Trainer,
    api: Option<Trainer>,
    runner: Runner,
}

impl Stage {
    async fn new() -> Self {
        let servers = testing::shared();
        let (database_url, nats_url) = (servers.database().await, servers.nats_account());
        let folder = TestFolder::with_environment(&[
            ("DATABASE_URL", &database_url),
            ("NATS_URL", &nats_url),
        ]);
        let accounts = Trainer::start(&folder, &["serve", "auth"]).ready();
        let runner = Runner::register(accounts.address).await;
        let pool = PgPool::connect(&database_url).await.unwrap();
        let line = line(&database_url).await;
        let mut stage = Self { folder, database_url, pool, line, accounts, api: None, runner };
        stage.start_api();
        stage
    }

    fn start_api(&mut self) {
        let over_line = ("DATABASE_URL", over(&self.line, &self.database_url));
        let api = Trainer::start_with(&self.folder, &["serve", "command-api"], &[over_line]);
        self.api = Some(api.ready());
    }

    fn kill_api(&mut self) {
        let api = self.api.take().unwrap();
        kill(api.pid(), Signal::SIGKILL).unwrap();
        api.killed();
    }

    async fn start_api_and_send(&mut self, ask: &Ask) -> Answer {
        self.start_api();
        self.sends(ask).await.unwrap().unwrap().must_be(201)
    }

    /// Sends a write without waiting for its answer.
    fn sends(&self, ask: &Ask) -> JoinHandle<Result<Answer, Lost>> {
        let address: SocketAddr = self.api.as_ref().unwrap().address;
        let (mut client, ask) = (self.runner.client(address), ask.clone());
        tokio::spawn(async move { client.send(&ask).await })
    }

    /// Waits until a statement with these words waits for a lock; says in which session.
    async fn waits_for(&self, words: &str) -> i32 {
        eventually("the wait for what is held", PATIENCE, async || {
            sqlx::query_scalar(
                "select pid from pg_stat_activity
                  where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
                    and position($1 in query) > 0",
            )
            .bind(words)
            .fetch_optional(&self.pool)
            .await
            .unwrap()
        })
        .await
    }

    async fn end_session(&self, session: i32) {
        sqlx::query("select pg_terminate_backend($1)")
            .bind(session)
            .execute(&self.pool)
            .await
            .unwrap();
        self.has_no(session).await;
    }

    /// Waits until a session has ended.
    async fn has_no(&self, session: i32) {
        eventually("the end of a session", PATIENCE, async || {
            let there: bool =
                sqlx::query_scalar("select exists (select from pg_stat_activity where pid = $1)")
                    .bind(session)
                    .fetch_one(&self.pool)
                    .await
                    .unwrap();
            (!there).then_some(())
        })
        .await;
        sleep(Duration::from_millis(50)).await;
    }

    async fn head(&self) -> i64 {
        event_store::head(&self.pool).await.unwrap()
    }

    async fn checkpoint(&self) -> i64 {
        let runs = "select min(position) from projector.checkpoints where projection = 'runs' and generation = 'live'";
        sqlx::query_scalar(runs).fetch_one(&self.pool).await.unwrap()
    }

    async fn rows(&self) -> i64 {
        sqlx::query_scalar("select count(*) from runs").fetch_one(&self.pool).await.unwrap()
    }

    async fn end(self) {
        self.pool.close().await;
        self.api.into_iter().chain([self.accounts]).for_each(Trainer::stop);
        self.folder.assert_nothing_is_left();
    }
}

/// A lock that others wait for.
struct Held(PgConnection);

impl Held {
    async fn take(url: &str, lock: &'static str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql("begin").execute(&mut connection).await.unwrap();
        sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
        Self(connection)
    }

    async fn end(mut self) {
        sqlx::raw_sql("rollback").execute(&mut self.0).await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// A write that is carried out once, and answered before it is shown.
fn record(key: &str) -> Ask {
    let run =
        json!({ "actual_date": Utc::now().date_naive(), "distance_km": 8, "duration_minutes": 40 });
    Ask::post("/api/v1/runs", run).header("prefer", "respond-async").header("idempotency-key", key)
}
