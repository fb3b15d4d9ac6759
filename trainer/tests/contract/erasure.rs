//! Whoever erases their account leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::pdf::printed;
use crate::program::Program;
use crate::runner::{PASSWORD, Runner};

const ME: &str = "/api/v1/auth/me";

/// In every text that the one runner writes, and nowhere else.
const CANARY: &str = "canary-yellow-7f3a";
/// The same for the other.
const OTHER: &str = "canary-green-91c2";

#[tokio::test]
async fn of_an_erased_runner_nothing_is_found_in_any_table_or_in_the_stream() {
    let program = Program::with_servers(&[("TRAINER_RATE_LIMITS", "off")]);
    let (gone, stays) = (Runner::of(&program).await, Runner::of(&program).await);
    for (runner, canary) in [(&gone, CANARY), (&stays, OTHER)] {
        runner.patch(ME, json!({ "name": canary })).await.must_be(200);
        let (plan, path) =
            runner.plan(json!({ "name": canary, "description": format!("a {canary}") })).await;
        let (workout, _) = runner.workout(&plan, json!({ "name": canary })).await;
        runner.run(json!({ "notes": canary, "workout_id": workout["id"] })).await;
        let body = json!({ "name": format!("{canary} again") });
        runner.patch(&path, body).header("idempotency-key", canary).await.must_be(200);
        let (_, deleted) = runner.run(json!({ "notes": canary })).await;
        runner.delete(&deleted).await.must_be(204);
        printed(runner, &plan).await;
    }
    let files = |runner: &Runner| program.data_dir().join("pdf").join(&runner.user_id);
    assert!(files(&gone).is_dir() && files(&stays).is_dir());
    // An older generation of the rows keeps them too.
    for projection in ["plans", "runs", "exports"] {
        program.trainer(&["projections", "rebuild", projection]);
    }
    let places = Places::of(&program).await;
    let everywhere = places.with(CANARY).await;
    assert_eq!(places.with(OTHER).await, everywhere);
    for place in [
        "auth.users",
        "es.commands",
        "es.events",
        "previous_plans.plans",
        "previous_plans.workouts",
        "previous_runs.runs",
        "public.plans",
        "public.runs",
        "public.workouts",
        "the stream",
    ] {
        assert!(everywhere.iter().any(|found| found == place), "{place}: {everywhere:?}");
    }
    let head = places.head().await;

    let answer = gone.delete(ME).await.must_be(204);
    assert!(answer.body.is_empty());
    assert_eq!(answer.position(), head.unsigned_abs() + 1);

    for path in [ME, "/api/v1/plans", "/api/v1/runs", "/api/v1/analytics/summary"] {
        gone.get(path).await.problem(401);
    }
    gone.post("/api/v1/runs", crate::training::run()).await.problem(401);
    let nobody = Runner::unknown_to(&program);
    nobody
        .post("/api/v1/auth/refresh", json!({ "refresh_token": gone.refresh_token }))
        .await
        .problem(401);
    let credentials = json!({ "email": gone.email, "password": PASSWORD });
    nobody.post("/api/v1/auth/login", credentials.clone()).await.problem(401);

    places.nothing_is_left().await;
    assert!(!files(&gone).exists() && files(&stays).is_dir());
    let tombstone = program.trainer(&["events", "show", &answer.position().to_string()]);
    let tombstone: Value = serde_json::from_slice(&tombstone.stdout).unwrap();
    assert_eq!(tombstone["type"], "user.erased");

    // Others are as they were, and everything goes on.
    assert_eq!(places.with(OTHER).await, everywhere);
    stays.run(json!({ "notes": OTHER })).await;
    for projection in ["plans", "runs"] {
        program.trainer(&["projections", "rebuild", projection]);
    }
    assert_eq!(stays.list("/api/v1/runs").await.len(), 2);
    nobody.post("/api/v1/auth/register", credentials.clone()).await.must_be(201);
    nobody.post("/api/v1/auth/login", credentials).await.must_be(200);
}

#[tokio::test]
async fn only_the_version_that_was_meant_is_erased() {
    let runner = Runner::new().await;
    runner.patch(ME, json!({ "name": "Ann" })).await.must_be(200);
    runner.delete(ME).header("if-match", "\"1\"").await.problem(412);
    runner.get(ME).await.must_be(200);
    runner.delete(ME).header("if-match", "\"2\"").await.must_be(204);
    runner.delete(ME).await.problem(401);
    Runner::nobody().delete(ME).await.problem(401);
}

/// Commands that are on their way while their owner is erased are either before the tombstone, and
/// removed with the rest, or refused.
#[tokio::test]
async fn whoever_is_erased_in_the_middle_of_writing_leaves_nothing() {
    let program = Program::with_servers(&[("TRAINER_RATE_LIMITS", "off")]);
    let runner = Runner::of(&program).await;
    let writers = (0..8).map(|_| {
        let runner = runner.elsewhere();
        async move {
            let mut refused = 0;
            for _ in 0..60 {
                let body = json!({
                    "actual_date": "2026-01-02", "distance_km": 5, "duration_minutes": 30, "notes": CANARY,
                });
                let answer = runner.post("/api/v1/runs", body).await;
                assert!([201, 401].contains(&answer.status), "{}", answer.status);
                refused += u32::from(answer.status == 401);
            }
            refused
        }
    });
    let erased = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        runner.delete(ME).await.must_be(204);
    };
    let (refused, ()) = tokio::join!(futures::future::join_all(writers), erased);
    assert!(refused.iter().sum::<u32>() > 0, "the erasure came too late to be a test");
    Places::of(&program).await.nothing_is_left().await;
}

#[tokio::test]
async fn an_erasure_that_no_projector_has_come_to_is_not_complete_and_a_rebuild_meanwhile_keeps_nothing()
 {
    let program = Program::with_servers(&[("TRAINER_RATE_LIMITS", "off")]);
    let gone = Runner::of(&program).await;
    gone.run(json!({ "notes": CANARY })).await;
    let places = Places::of(&program).await;
    program.trainer(&["projections", "pause", "runs"]);

    gone.delete(ME).await.must_be(204);

    // Everything else is gone by then.
    let began = Instant::now();
    while places.with(CANARY).await != ["public.runs"] {
        assert!(began.elapsed() < Duration::from_secs(120), "{:?}", places.with(CANARY).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let complete: i64 =
        sqlx::query_scalar("select count(*) from es.erasures where completed_at is not null")
            .fetch_one(&places.pool)
            .await
            .unwrap();
    assert_eq!(complete, 0, "rows of theirs are still read");
    // The rows that are read are the older ones then.
    program.trainer(&["projections", "rebuild", "runs"]);
    program.trainer(&["projections", "resume", "runs"]);
    places.nothing_is_left().await;
}

/// Every place where a program keeps something.
struct Places {
    pool: PgPool,
    data: PathBuf,
}

impl Places {
    async fn of(program: &Program) -> Self {
        let data = program.data_dir();
        let urls = embedded::connect(&data).await.expect("Postgres runs");
        Self { pool: PgPool::connect(&urls.database_url).await.unwrap(), data }
    }

    async fn head(&self) -> i64 {
        event_store::head(&self.pool).await.unwrap()
    }

    /// Waits until every erasure is complete and the projectors have come to it; then looks for the canary.
    async fn nothing_is_left(&self) {
        let began = Instant::now();
        loop {
            let open: i64 = sqlx::query_scalar(
                "select (select count(*) from es.erasures where completed_at is null)
                      + (select count(*) from projector.checkpoints c, es.erasures e
                          where c.generation = 'live' and c.position < e.position)",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap();
            if open == 0 {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "an erasure is not complete");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(self.with(CANARY).await, Vec::<String>::new());
    }

    /// The tables that have this text somewhere, and `the stream` when a file of it has.
    async fn with(&self, text: &str) -> Vec<String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "select format('%I.%I', schemaname, tablename) from pg_tables
              where schemaname not in ('pg_catalog', 'information_schema') order by 1",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let mut places = Vec::new();
        for table in tables {
            let found: bool = sqlx::query_scalar(&format!(
                "select exists (select from {table} t where t::text like '%' || $1 || '%')"
            ))
            .bind(text)
            .fetch_one(&self.pool)
            .await
            .unwrap();
            if found {
                places.push(table);
            }
        }
        if file_with(&self.data.join("nats/store"), text) {
            places.push("the stream".to_owned());
        }
        places
    }
}

fn file_with(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return file_with(&path, text);
        }
        // One that has just gone has nothing.
        fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    })
}
