//! Each part as a process of its own, on one set of servers.

use std::collections::HashMap;

use chrono::Utc;
use serde_json::json;
use sqlx::PgPool;

use crate::history::{assert_dense, assert_published};
use crate::house::ROLES;
use crate::latencies::Phase;
use crate::outage::Load;
use crate::program::{Ask, Runner, TestFolder, Trainer};
use crate::read_models::assert_equal_their_rebuild;
use crate::stale::{must_be_few, read_until_fresh};

const RUNS: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_writes_another_shows_at_once() {
    let folder = TestFolder::new();
    // All at once on a folder without data: one starts the servers, and the others join.
    let started: Vec<_> =
        ROLES.iter().map(|role| Trainer::start(&folder, &["serve", role])).collect();
    let parts: HashMap<_, _> =
        ROLES.into_iter().zip(started.into_iter().map(Trainer::ready)).collect();
    let [writes, reads, accounts] =
        ["command-api", "query-api", "auth"].map(|role| parts[role].address);
    let runner = Runner::register(accounts).await;
    let (mut writer, mut reader) = (runner.client(writes), runner.client(reads));

    let (mut pending, mut stale) = (0, 0);
    for number in 0..RUNS {
        let run = json!({ "actual_date": Utc::now().date_naive(), "distance_km": 8, "duration_minutes": 40 });
        let run = Ask::post("/api/v1/runs", run);
        // Half of them ask the read to wait instead of the write.
        let waits_later = number % 2 == 0;
        let run = if waits_later { run.header("prefer", "respond-async") } else { run };
        let written = writer.send(&run).await.unwrap().must_be(201);
        let read = Ask::get(written.header("location").expect("a location"));
        // A write that was answered before it was shown has said so.
        let is_pending = written.header("trainer-consistency").is_some();
        pending += u64::from(is_pending && !waits_later);
        let read = if waits_later || is_pending {
            read.header("trainer-position", written.position().to_string())
        } else {
            read
        };
        let (shown, late) = read_until_fresh(&mut reader, &read).await;
        stale += late;
        assert_eq!(shown.json(), written.json());
    }
    must_be_few(pending, "writes were answered before they were shown", RUNS / 2);
    must_be_few(stale, "reads were stale", RUNS);
    // What belongs to another part is not here.
    writer.send(&Ask::get("/api/v1/runs")).await.unwrap().must_be(405);
    reader.send(&Ask::post("/api/v1/auth/login", json!({}))).await.unwrap().must_be(404);

    let load = Load::start(accounts, writes, reads).await;
    for phase in [Phase::Before, Phase::Away, Phase::After] {
        load.enters(phase).await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    load.end("parts of their own, nats-server all the time").await;

    let urls = folder.urls().await;
    let pool = PgPool::connect(&urls.database_url).await.unwrap();
    assert_dense(&pool).await;
    assert_published(&pool, &urls.nats_url).await;
    assert_equal_their_rebuild(&pool, &folder).await;
    pool.close().await;
    for (_, part) in parts {
        part.stop();
    }
    folder.assert_nothing_is_left();
}
