//! The program while Postgres has no room for it: no connection to spare, or no space on its disk.

use std::time::{Duration, Instant};

use embedded::testing::TestServers;
use futures::future::join_all;
use http::Method;
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::program::Program;
use crate::runner::Runner;
use crate::training::{plan, run, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_connection_to_spare_everything_is_a_503_until_there_is_one() {
    let servers = TestServers::start_own().await;
    let database_url = servers.database().await;
    let mut postgres = PgConnection::connect(&database_url).await.unwrap();
    let environment = [
        ("DATABASE_URL", database_url.as_str()),
        ("NATS_URL", &servers.nats_url()),
        ("TRAINER_RATE_LIMITS", "off"),
    ];
    let program = tokio::task::block_in_place(|| Program::with_servers(&environment));
    let runner = Runner::of(&program).await;
    let (recorded, path) = runner.run(json!({})).await;
    let before = events(&mut postgres).await;

    limit_connections(&mut postgres, 0).await;
    let requests = [
        (Method::GET, "/api/v1/runs", json!({})),
        (Method::GET, &path, json!({})),
        (Method::POST, "/api/v1/plans", plan()),
        (Method::POST, "/api/v1/runs", run()),
        (Method::PATCH, &path, json!({ "notes": "not now" })),
        (Method::DELETE, &path, json!({})),
    ];
    let ask = async |(method, path, body): &(Method, &str, serde_json::Value)| {
        let answer = runner.ask(method.clone(), path).json(body).await;
        assert_eq!(answer.status, 503, "{method} {path}: {}", answer.text());
        answer.problem(503);
    };
    join_all(requests.iter().map(ask)).await;
    assert_eq!(events(&mut postgres).await, before, "stored, but not acknowledged");

    limit_connections(&mut postgres, -1).await;
    until("reads are back", async || runner.get(&path).await.status == 200).await;
    until("writes are back", async || runner.post("/api/v1/runs", run()).await.status == 201).await;
    assert_eq!(runner.see(&path).await, recorded, "nothing half done");
    tokio::task::block_in_place(|| drop(program));
    postgres.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_a_write_is_a_503_and_nothing_of_it_is_stored() {
    let program =
        tokio::task::block_in_place(|| Program::with_servers(&[("TRAINER_RATE_LIMITS", "off")]));
    let urls = embedded::connect(&program.data_dir()).await.expect("Postgres runs");
    let mut postgres = PgConnection::connect(&urls.database_url).await.unwrap();
    let runner = Runner::of(&program).await;
    let (plan, _) = runner.plan(json!({})).await;
    let (workout, workout_path) = runner.workout(&plan, json!({})).await;
    let before = events(&mut postgres).await;

    // There is room for the run, and none for the event of its workout: Postgres says what it says then.
    sqlx::raw_sql(
        "create function no_space() returns trigger language plpgsql as $$
         begin
             raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
         end $$;
         create trigger no_space before insert on es.events
             for each row when (new.event_type = 'workout.completed') execute function no_space()",
    )
    .execute(&mut postgres)
    .await
    .unwrap();
    let record = || {
        runner
            .post("/api/v1/runs", with(run(), json!({ "workout_id": workout["id"] })))
            .header("idempotency-key", "once there is room")
    };
    record().await.problem(503);
    assert_eq!(events(&mut postgres).await, before, "half of it is stored");
    assert_eq!(runner.see(&workout_path).await, workout);
    assert!(runner.list("/api/v1/runs").await.is_empty());

    sqlx::query("drop trigger no_space on es.events").execute(&mut postgres).await.unwrap();
    let recorded = record().await.must_be(201);
    assert_eq!(recorded.header("idempotency-replayed"), None, "it was said to be done");
    assert_eq!(runner.list("/api/v1/runs").await, [recorded.json()]);
    assert_eq!(runner.see(&workout_path).await["status"], "completed");
    tokio::task::block_in_place(|| drop(program));
    postgres.close().await.unwrap();
}

/// From now on Postgres takes so many connections to this database, and keeps none of the others.
async fn limit_connections(postgres: &mut PgConnection, limit: i32) {
    let statement = format!(
        "do $$ begin execute format('alter database %I connection limit {limit}', current_database()); end $$",
    );
    sqlx::query(&statement).execute(&mut *postgres).await.unwrap();
    let others = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";
    // Until none is left, for a moment: one may have been let in before, and be seen after.
    let mut quiet = 0;
    while limit == 0 && quiet < 5 {
        let ended: i64 = sqlx::query_scalar(others).fetch_one(&mut *postgres).await.unwrap();
        quiet = if ended == 0 { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many events there are, the last position, and how many keys are remembered.
async fn events(postgres: &mut PgConnection) -> (i64, i64, i64) {
    sqlx::query_as(
        "select (select count(*) from es.events), (select position from es.head), (select count(*) from es.commands)",
    )
    .fetch_one(postgres)
    .await
    .unwrap()
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(120), "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
