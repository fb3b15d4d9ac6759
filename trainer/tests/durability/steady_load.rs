//! Writers who record runs at a steady pace and read each back at once.

use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use uuid::Uuid;

use crate::is_undisturbed;
use crate::program::{Answer, Ask, Client, Runner};
use crate::stale::{must_be_few, read_until_fresh};

/// How many writes a second all writers send, as long as the machine can answer them.
const WRITES_PER_S: u64 = 500;

/// How long a write may be asked to come again on a machine that is busy with other tests.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct SteadyLoad {
    goes_on: Arc<AtomicBool>,
    writers: JoinSet<Counts>,
    began: Instant,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    written: u64,
    /// Writes that were asked to come again.
    put_off: u64,
    read: u64,
    /// Reads that said that they were stale.
    stale: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.written += other.written;
        self.put_off += other.put_off;
        self.read += other.read;
        self.stale += other.stale;
    }
}

impl SteadyLoad {
    /// Begins with so many writers, each with an account.
    pub(crate) async fn start(address: SocketAddr, count: u64) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let mut runners = vec![];
        for _ in 0..count {
            runners.push(Runner::register(address).await);
        }
        let pace = Duration::from_millis(1_000 * count / WRITES_PER_S);
        let mut writers = JoinSet::new();
        for runner in runners {
            writers.spawn(write_and_read(runner, address, pace, Arc::clone(&goes_on)));
        }
        Self { goes_on, writers, began: Instant::now() }
    }

    /// Ends it, and says how much was written. Each run must have been there at once.
    pub(crate) async fn end(self) {
        self.goes_on.store(false, Ordering::SeqCst);
        let mut all = Counts::default();
        self.writers.join_all().await.into_iter().for_each(|counts| all += counts);
        let per_s = all.written as f64 / self.began.elapsed().as_secs_f64();
        println!("{} writes meanwhile, {per_s:.0} a second, each read back", all.written);
        assert!(all.written > 0);
        must_be_few(all.put_off, "writes were asked to come again", all.written);
        must_be_few(all.stale, "reads were stale", all.read);
    }
}

/// Records runs at a steady pace, and makes up for what came late. Each is there at once, and what there was before never
/// is less.
async fn write_and_read(
    runner: Runner,
    address: SocketAddr,
    pace: Duration,
    goes_on: Arc<AtomicBool>,
) -> Counts {
    let (mut writes, mut reads) = (runner.client(address), runner.client(address));
    let mut pace = interval(pace);
    let today = Utc::now().date_naive();
    let mut counts = Counts::default();
    while goes_on.load(Ordering::SeqCst) {
        pace.tick().await;
        let run = json!({ "actual_date": today, "distance_km": 5, "duration_minutes": 30 });
        let (answer, put_off) = record(&mut writes, Ask::post("/api/v1/runs", run)).await;
        counts.written += 1;
        counts.put_off += put_off;
        let position = answer.position().to_string();
        let mut asks = vec![Ask::get(answer.header("location").unwrap())];
        if counts.written % 10 == 0 {
            asks.push(Ask::get(format!("/api/v1/analytics/summary?from={today}&to={today}")));
        }
        for ask in asks {
            let ask = ask.header("trainer-position", position.as_str());
            let (read, stale) = read_until_fresh(&mut reads, &ask).await;
            counts.read += 1;
            counts.stale += stale;
            if let Some(runs) = read.json().get("total_runs") {
                assert_eq!(*runs, counts.written, "{ask}");
            }
        }
    }
    counts
}

/// Sends it until it is done; says how often it was asked to come again.
async fn record(client: &mut Client, ask: Ask) -> (Answer, u64) {
    // Without a key, as most clients write, nobody would know whether one that is asked to come again was done. Undisturbed,
    // none may be.
    let ask = if is_undisturbed() {
        ask
    } else {
        ask.header("idempotency-key", Uuid::new_v4().to_string())
    };
    let (began, mut put_off) = (Instant::now(), 0);
    loop {
        let answer = client.send(&ask).await.unwrap();
        if answer.status != StatusCode::SERVICE_UNAVAILABLE || is_undisturbed() {
            return (answer.must_be(201), put_off);
        }
        assert!(began.elapsed() < TAKEN_WITHIN, "{ask} is put off for {TAKEN_WITHIN:?}");
        put_off += 1;
        sleep(Duration::from_millis(200)).await;
    }
}
