//! The program while one of its servers is away.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream};
use embedded::testing::{self, TestServers};
use futures::future::join_all;
use http::Method;
use nix::sys::signal::Signal;
use serde_json::json;

use crate::program::Program;
use crate::runner::Runner;
use crate::training::{plan, run};

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(120), "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgres_everything_is_a_503_until_it_is_back() {
    let servers = TestServers::start_own().await;
    let (database_url, nats_url) = (servers.database().await, servers.nats_url());
    let environment = [
        ("DATABASE_URL", database_url.as_str()),
        ("NATS_URL", &nats_url),
        ("TRAINER_RATE_LIMITS", "off"),
    ];
    let program = tokio::task::block_in_place(|| Program::with_servers(&environment));
    let runner = Runner::of(&program).await;
    let (plan_before, path) = runner.plan(json!({})).await;

    servers.servers().stop_postgres().await.unwrap();
    let credentials = json!({ "email": runner.email, "password": crate::runner::PASSWORD });
    let requests = [
        (Method::GET, "/api/v1/plans", json!({})),
        (Method::GET, &path, json!({})),
        (Method::GET, "/api/v1/analytics/summary", json!({})),
        (Method::POST, "/api/v1/plans", plan()),
        (Method::POST, "/api/v1/runs", run()),
        (Method::PATCH, &path, json!({ "name": "Not now" })),
        (Method::DELETE, &path, json!({})),
        (Method::POST, "/api/v1/auth/login", credentials.clone()),
        (Method::GET, "/api/v1/auth/me", json!({})),
    ];
    let began = Instant::now();
    let ask = async |(method, path, body): &(Method, &str, serde_json::Value)| {
        let answer = runner.ask(method.clone(), path).json(body).await;
        assert_eq!(answer.status, 503, "{method} {path}: {}", answer.text());
        answer.problem(503).to_string()
    };
    for problem in join_all(requests.iter().map(ask)).await {
        for internal in ["postgres", "sqlx", "connection", "pool", "127.0.0.1"] {
            assert!(!problem.to_lowercase().contains(internal), "{problem}");
        }
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    for path in ["/health", "/health/ready"] {
        let health = runner.get(path).await.must_be(503).json();
        assert_eq!(health["status"], "down");
        assert_ne!(health["database"], "connected");
    }
    assert!(runner.get("/health/live").await.status < 300);
    // What needs no database is there.
    runner.post("/api/v1/runs", json!({})).await.problem(422);
    runner.get("/openapi.json").await.must_be(200);

    servers.servers().start_postgres().await.unwrap();
    until("reads are back", async || runner.get(&path).await.status == 200).await;
    until("writes are back", async || runner.post("/api/v1/runs", run()).await.status == 201).await;
    until("it is well", async || runner.get("/health").await.status == 200).await;
    assert_eq!(runner.see(&path).await, plan_before, "nothing half done");
    runner.post("/api/v1/auth/login", credentials).await.must_be(200);

    // Without NATS everything goes on.
    servers.servers().stop_nats().await.unwrap();
    until("it is noticed", async || runner.health().await["nats"] == "disconnected").await;
    assert_eq!(runner.health().await["status"], "degraded");
    for _ in 0..10 {
        let (recorded, path) = runner.run(json!({})).await;
        assert_eq!(runner.see(&path).await, recorded);
    }
    servers.servers().start_nats().await.unwrap();
    until("it is well again", async || runner.health().await["status"] == "ok").await;
    tokio::task::block_in_place(|| drop(program));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nats_that_takes_no_events_is_not_called_well() {
    let servers = testing::shared();
    let (database_url, nats_url) = (servers.database().await, servers.nats_account());
    let jetstream = jetstream::new(nats::connect(&nats_url, "test").await.unwrap());
    // The subjects of events are somebody else's.
    let (name, subjects) = ("OF_ANOTHER".to_owned(), vec!["trainer.>".to_owned()]);
    let other = stream::Config { name, subjects, ..stream::Config::default() };
    jetstream.create_stream(other).await.unwrap();
    let environment = [("DATABASE_URL", database_url.as_str()), ("NATS_URL", &nats_url)];
    let program = tokio::task::block_in_place(|| Program::with_servers(&environment));
    let runner = Runner::of(&program).await;
    let nats = async || runner.health().await["nats"].clone();

    until("it is noticed", async || nats().await == "unusable").await;
    assert_eq!(runner.health().await["status"], "degraded");
    let (recorded, path) = runner.run(json!({})).await;
    assert_eq!(runner.see(&path).await, recorded);

    jetstream.delete_stream("OF_ANOTHER").await.unwrap();
    until("it is used", async || nats().await == "connected").await;
    until("it is well", async || runner.health().await["status"] == "ok").await;
    until("what happened is published", async || {
        let events = jetstream.get_stream(nats::STREAM).await;
        events.is_ok_and(|events| events.cached_info().state.messages >= 1)
    })
    .await;
    tokio::task::block_in_place(|| drop(program));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_postgres_that_dies_is_started_again() {
    let program =
        tokio::task::block_in_place(|| Program::with_servers(&[("TRAINER_RATE_LIMITS", "off")]));
    let runner = Runner::of(&program).await;
    let (recorded, path) = runner.run(json!({})).await;
    program.signal_postgres(Signal::SIGKILL);
    let answers = join_all((0..8).map(|_| async {
        let answer = runner.post("/api/v1/runs", run()).await;
        match answer.status {
            201 => true,
            _ => {
                answer.problem(503);
                false
            }
        }
    }));
    let stored = answers.await.into_iter().filter(|stored| *stored).count();
    until("writes are back", async || runner.get("/health").await.status == 200).await;
    let shown = runner.get(&path).until_available().await.must_be(200).json();
    assert_eq!(shown, recorded);
    // Who was told that it is stored was told the truth; the others are free to try again.
    let runs = runner.list("/api/v1/runs").await.len();
    assert!((stored + 1..=9).contains(&runs), "{stored} {runs}");
    runner.run(json!({})).await;
    tokio::task::block_in_place(|| drop(program));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_hangs_keeps_nobody_waiting_for_ever() {
    let program =
        tokio::task::block_in_place(|| Program::with_servers(&[("TRAINER_RATE_LIMITS", "off")]));
    let runner = Runner::of(&program).await;
    let (recorded, path) = runner.run(json!({})).await;
    let write = || runner.post("/api/v1/runs", run()).header("idempotency-key", "once");
    program.signal_postgres(Signal::SIGSTOP);
    let began = Instant::now();
    let credentials = json!({ "email": runner.email, "password": crate::runner::PASSWORD });
    let requests = [
        runner.get("/api/v1/runs"),
        runner.get(&path),
        runner.get("/api/v1/analytics/summary"),
        runner.get("/api/v1/auth/me"),
        runner.post("/api/v1/auth/login", credentials),
        write(),
    ];
    for answer in join_all(requests.map(IntoFuture::into_future)).await {
        answer.problem(503);
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    runner.get("/health").await.must_be(503);
    program.signal_postgres(Signal::SIGCONT);
    until("it is well", async || runner.get("/health").await.status == 200).await;
    // Stored or not in the meantime: sent again, it is stored once.
    let again = write().until_available().await.must_be(201).json();
    let runs = runner.list("/api/v1/runs").await;
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert!(runs.contains(&again) && runs.contains(&recorded));
    tokio::task::block_in_place(|| drop(program));
}
