//! NATS goes away under load and comes back: commands succeed, reads are fresh, the stream is complete in the end.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::Utc;
use embedded::testing::TestServers;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::history::{assert_dense, assert_published, jetstream_answers};
use crate::latencies::{Latencies, Phase, Request};
use crate::program::{Answer, Ask, Client, Runner, TestFolder, Trainer};
use crate::read_models::assert_equal_their_rebuild;
use crate::small_disk::SmallDisk;
use crate::stale::{must_be_few, read_until_fresh};
use crate::{eventually, is_undisturbed, number_from};

const CLIENTS: usize = 16;
const RUNNERS: usize = 4;
const BEFORE: Duration = Duration::from_secs(1);
const AFTER: Duration = Duration::from_secs(2);
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

fn outage() -> Duration {
    Duration::from_secs(number_from("TRAINER_TEST_OUTAGE_SECONDS").unwrap_or(8))
}

/// A frozen server is worse than a dead one: its connections stay open, and nothing says that nobody listens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nats_frozen_commands_succeed_and_reads_are_fresh() {
    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    let urls = folder.urls().await;
    let nats = Pid::from_raw(urls.nats_pid.expect("nats-server runs").cast_signed());

    let load = Load::start(trainer.address, trainer.address, trainer.address).await;
    sleep(BEFORE).await;
    kill(nats, Signal::SIGSTOP).unwrap();
    load.enters(Phase::Away).await;
    sleep(outage()).await;
    kill(nats, Signal::SIGCONT).unwrap();
    load.enters(Phase::After).await;
    sleep(AFTER).await;
    load.end("nats-server frozen").await;

    assert_eq!(folder.urls().await.nats_pid, urls.nats_pid, "it was not started again");
    let pool = PgPool::connect(&urls.database_url).await.unwrap();
    assert_dense(&pool).await;
    assert_published(&pool, &urls.nats_url).await;
    assert_equal_their_rebuild(&pool, &folder).await;
    pool.close().await;
    trainer.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nats_stopped_commands_succeed_and_reads_are_fresh() {
    let servers = TestServers::start_own().await;
    let (database_url, nats_url) = (servers.database().await, servers.nats_url());
    let folder =
        TestFolder::with_environment(&[("DATABASE_URL", &database_url), ("NATS_URL", &nats_url)]);
    let trainer = Trainer::up(&folder);

    let load = Load::start(trainer.address, trainer.address, trainer.address).await;
    sleep(BEFORE).await;
    servers.servers().stop_nats().await.unwrap();
    load.enters(Phase::Away).await;
    sleep(outage()).await;
    servers.servers().start_nats().await.unwrap();
    load.enters(Phase::After).await;
    sleep(AFTER).await;
    load.end("nats-server stopped").await;

    let pool = PgPool::connect(&database_url).await.unwrap();
    assert_dense(&pool).await;
    assert_published(&pool, &nats_url).await;
    assert_equal_their_rebuild(&pool, &folder).await;
    pool.close().await;
    trainer.stop();
    servers.servers().stop().await.unwrap();
}

/// nats-server 2.9 notices that its disk is full and never works again; the trainer must notice that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_no_room_for_nats_commands_succeed_and_reads_are_fresh() {
    let folder = TestFolder::new();
    // Makes the folder.
    Trainer::up(&folder).stop();
    let Some(disk) = SmallDisk::mount(&folder.file("data/nats/store"), 64) else {
        return;
    };
    let trainer = Trainer::up(&folder);
    let urls = folder.urls().await;

    let load = Load::start(trainer.address, trainer.address, trainer.address).await;
    sleep(BEFORE).await;
    disk.fill();
    load.enters(Phase::Away).await;
    sleep(outage()).await;
    disk.make_room();
    load.enters(Phase::After).await;
    sleep(AFTER).await;
    load.end("no room for nats-server").await;

    let pool = PgPool::connect(&urls.database_url).await.unwrap();
    assert_dense(&pool).await;
    jetstream_answers(&urls.nats_url).await;
    assert_published(&pool, &urls.nats_url).await;
    assert_equal_their_rebuild(&pool, &folder).await;
    pool.close().await;
    trainer.stop();
}

/// Clients that write and at once read what they wrote, each over two connections.
pub(crate) struct Load {
    phase: Arc<Mutex<Option<Phase>>>,
    /// In which phases something was asked and answered.
    asked: Arc<Mutex<Vec<Phase>>>,
    clients: JoinSet<Latencies>,
}

impl Load {
    /// Begins with requests to where accounts are made, where is written and where is read.
    pub(crate) async fn start(accounts: SocketAddr, writes: SocketAddr, reads: SocketAddr) -> Self {
        let phase = Arc::new(Mutex::new(Some(Phase::Before)));
        let asked = Arc::new(Mutex::new(vec![]));
        let mut runners = vec![];
        for _ in 0..RUNNERS {
            runners.push(Runner::register(accounts).await);
        }
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let runner = &runners[number % RUNNERS];
            let (writer, reader) = (runner.client(writes), runner.client(reads));
            let (phase, asked) = (Arc::clone(&phase), Arc::clone(&asked));
            clients.spawn(async move {
                let mut pair = Pair { writer, reader, latencies: Latencies::default() };
                while let Some(phase) = { *phase.lock().unwrap() } {
                    pair.record_and_correct(phase).await;
                    let mut asked = asked.lock().unwrap();
                    if asked.last() != Some(&phase) {
                        asked.push(phase);
                    }
                }
                pair.latencies
            });
        }
        Self { phase, asked, clients }
    }

    /// Goes on in another phase. Something is asked in each, however slow the machine.
    pub(crate) async fn enters(&self, phase: Phase) {
        self.goes_on_with(Some(phase)).await;
    }

    async fn goes_on_with(&self, next: Option<Phase>) {
        let present = *self.phase.lock().unwrap();
        eventually("an answer", ANSWERED_WITHIN, async || {
            let asked = self.asked.lock().unwrap();
            present.is_none_or(|present| asked.contains(&present)).then_some(())
        })
        .await;
        *self.phase.lock().unwrap() = next;
    }

    /// Ends the load; every request of it must have been answered as it should.
    pub(crate) async fn end(self, what: &str) {
        self.goes_on_with(None).await;
        let latencies = self.clients.join_all().await.into_iter().sum::<Latencies>();
        println!("{what}\n{latencies}");
        let (pending, requests) = (latencies.pending, latencies.requests.len());
        // Beside other tests the rows may be late oftener; each answer that was before them has said so.
        assert!(
            pending * 50 <= requests || !is_undisturbed(),
            "{pending} of {requests} writes were not shown in time"
        );
        must_be_few(latencies.stale, "reads were stale", requests as u64);
        for phase in [Phase::Before, Phase::Away, Phase::After] {
            assert!(latencies.count(phase) > 0, "nothing was asked {phase:?}");
        }
    }
}

struct Pair {
    writer: Client,
    reader: Client,
    latencies: Latencies,
}

impl Pair {
    async fn record_and_correct(&mut self, phase: Phase) {
        let run = json!({ "actual_date": Utc::now().date_naive(), "distance_km": 8.0, "duration_minutes": 40 });
        let recorded = self.write(phase, &Ask::post("/api/v1/runs", run), 201).await;
        let path = recorded.header("location").expect("a location").to_owned();
        self.read_back(phase, &path, &recorded).await;
        let corrected =
            self.write(phase, &Ask::patch(&path, json!({ "notes": "windy" })), 200).await;
        self.read_back(phase, &path, &corrected).await;
    }

    async fn write(&mut self, phase: Phase, ask: &Ask, status: u16) -> Answer {
        let began = Instant::now();
        let answer = self.writer.send(ask).await.unwrap().must_be(status);
        self.latencies.requests.push((phase, Request::Write, began.elapsed()));
        answer
    }

    async fn read_back(&mut self, phase: Phase, path: &str, written: &Answer) {
        let mut read = Ask::get(path);
        if written.header("trainer-consistency").is_some() {
            // On a busy machine a write may be answered before it is shown, and says so. Who reads it then waits.
            self.latencies.pending += 1;
            read = read.header("trainer-position", written.position().to_string());
        }
        let began = Instant::now();
        let (answer, stale) = read_until_fresh(&mut self.reader, &read).await;
        self.latencies.requests.push((phase, Request::Read, began.elapsed()));
        self.latencies.stale += stale;
        assert_eq!(answer.json(), written.json(), "not what was written, {phase:?}");
    }
}
