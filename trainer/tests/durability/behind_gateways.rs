//! Two gateways before two processes of each role, of which one dies or stands still under load: whatever may be sent
//! again is answered all the same, and nothing happens twice.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use embedded::testing;
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use crate::program::{Answer, Ask, Client, Runner, TestFolder, Trainer};
use crate::{eventually, number_from};

const CLIENTS: usize = 8;
/// What is found out about a process, for a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(120);
const A_WHILE: Duration = Duration::from_millis(1_500);
/// How long a write with a key may be turned away, on a busy machine.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_that_may_be_repeated_is_lost_when_a_process_dies_or_stands_still() {
    let servers = testing::shared();
    let (database_url, nats_url) = (servers.database().await, servers.nats_account());
    let logs = tempfile::tempdir().unwrap();
    let access_log = logs.path().join("access.log");
    let folder = TestFolder::with_environment(&[
        ("DATABASE_URL", &database_url),
        ("NATS_URL", &nats_url),
        ("TRAINER_LOG", "info"),
        ("TRAINER_ACCESS_LOG", access_log.to_str().unwrap()),
    ]);
    let mut street = Street::start(&folder);
    let runner = Runner::register(street.gateways[0].address).await;
    let load = Load::start(&street, &runner).await;

    for role in ["query-api", "command-api"] {
        sleep(A_WHILE).await;
        let address = street.kill(role);
        let open = street.breaker_becomes(address, "open").await;
        sleep(A_WHILE).await;
        let began = Instant::now();
        street.start_again(&folder, role, address);
        let ready = began.elapsed();
        let closed = street.breaker_becomes(address, "closed").await;
        println!(
            "{role} killed: open after {open:.1?}; ready again within {ready:.1?}, closed {closed:.1?} later"
        );
    }
    let rounds = number_from("TRAINER_TEST_ROUNDS").unwrap_or(1);
    for role in (0..rounds).flat_map(|_| ["query-api", "command-api"]) {
        // Its pauses have become short again.
        sleep(A_WHILE).await;
        let victim = street.of(role).pid();
        let address = street.of(role).address;
        kill(victim, Signal::SIGSTOP).unwrap();
        let open = street.breaker_becomes(address, "open").await;
        sleep(A_WHILE).await;
        kill(victim, Signal::SIGCONT).unwrap();
        let closed = street.breaker_becomes(address, "closed").await;
        println!("{role} stood still: open after {open:.1?}; closed {closed:.1?} after it went on");
    }
    sleep(A_WHILE).await;
    let done = load.end().await;

    done.show();
    let lost = done.without_key - done.without_key_answered.len();
    println!("{lost} of {} writes without a key were not answered with success", done.without_key);
    let stored: Vec<_> = runner
        .list(street.gateways[1].address, "/api/v1/runs", done.last_position)
        .await
        .iter()
        .map(label_of)
        .collect();
    let once: BTreeSet<_> = stored.iter().cloned().collect();
    assert_eq!(once.len(), stored.len(), "something happened twice");
    for label in done.with_key.iter().chain(&done.without_key_answered) {
        assert!(once.contains(label), "answered, and not stored: {label}");
    }
    street.logs_say_who_has_answered(&runner);
    street.stop();
    access_log_says_who_has_asked(&access_log, &runner, done.reads.len());
    folder.assert_nothing_is_left();
}

/// The access log, which all processes write together, has a line for each request at a gateway.
fn access_log_says_who_has_asked(file: &Path, runner: &Runner, reads: usize) {
    let text = fs::read_to_string(file).unwrap();
    assert!(!text.contains(runner.token()));
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    // Those of the roles themselves name no upstream.
    let at_gateways: Vec<_> = lines.filter(|line| line["upstream"].is_string()).collect();
    let of_a_run = at_gateways.iter().filter(|line| line["route"] == "/api/v1/runs/{id}");
    let answered: Vec<_> = of_a_run.filter(|line| line["status"] == 200).collect();
    assert_eq!(answered.len(), reads);
    for line in answered {
        assert_eq!(line["user_id"], runner.id(), "{line}");
        assert_eq!(
            (&line["client"], &line["complete"]),
            (&json!("127.0.0.1"), &json!(true)),
            "{line}"
        );
    }
}

fn label_of(run: &Value) -> String {
    run["notes"].as_str().unwrap().to_owned()
}

/// The processes: two of each role that answers requests, and two gateways before them.
struct Street {
    gateways: [Trainer; 2],
    roles: Vec<(&'static str, Trainer)>,
}

impl Street {
    fn start(folder: &TestFolder) -> Self {
        let names = [
            "command-api",
            "command-api",
            "query-api",
            "query-api",
            "pdf",
            "auth",
            "auth",
            "projector",
            "relay",
        ];
        let start = |name| (name, Trainer::start(folder, &["serve", name]));
        let started: Vec<_> = names.into_iter().map(start).collect();
        let roles: Vec<_> =
            started.into_iter().map(|(name, process)| (name, process.ready())).collect();
        let urls = |name| {
            let of_role = roles.iter().filter(|(role, _)| *role == name);
            let urls = of_role.map(|(_, process)| format!("http://{}", process.address));
            urls.collect::<Vec<_>>().join(",")
        };
        let arguments = [
            ("--command-api-urls", urls("command-api")),
            ("--query-api-urls", urls("query-api")),
            ("--pdf-urls", urls("pdf")),
            ("--auth-urls", urls("auth")),
            ("--projector-urls", urls("projector")),
        ];
        let mut all = vec!["serve", "gateway"];
        all.extend(arguments.iter().flat_map(|(name, value)| [*name, value.as_str()]));
        let gateways = [(); 2].map(|()| Trainer::start(folder, &all)).map(Trainer::ready);
        Self { gateways, roles }
    }

    /// The first one of a role.
    fn of(&self, role: &str) -> &Trainer {
        &self.roles.iter().find(|(name, _)| *name == role).unwrap().1
    }

    /// Kills the first one of a role, and says where it was.
    fn kill(&mut self, role: &str) -> SocketAddr {
        let index = self.roles.iter().position(|(name, _)| *name == role).unwrap();
        let (_, victim) = self.roles.remove(index);
        let address = victim.address;
        kill(victim.pid(), Signal::SIGKILL).unwrap();
        victim.killed();
        address
    }

    fn start_again(&mut self, folder: &TestFolder, role: &'static str, address: SocketAddr) {
        let port = address.port().to_string();
        let process = Trainer::start(folder, &["serve", role, "--port", &port]).ready();
        self.roles.insert(0, (role, process));
    }

    /// How long it takes until both gateways think so of a process.
    async fn breaker_becomes(&self, address: SocketAddr, state: &str) -> Duration {
        let began = Instant::now();
        for gateway in &self.gateways {
            eventually("a breaker's change", NOTICED_WITHIN, async || {
                let health =
                    Client::new(gateway.address, "").send(&Ask::get("/health")).await.unwrap();
                let health = health.json();
                let mut upstreams = health["upstreams"].as_array().unwrap().iter();
                let one = upstreams.find(|one| one["address"] == address.to_string()).unwrap();
                (one["breaker"] == state).then_some(())
            })
            .await;
        }
        began.elapsed()
    }

    /// Each request has its line, which names the process that has answered, and nothing that is nobody's business.
    fn logs_say_who_has_answered(&self, runner: &Runner) {
        let lines: Vec<_> = self.gateways.iter().flat_map(Trainer::log).collect();
        let answered = lines.iter().filter(|line| line["message"] == "request answered");
        let of_runs = answered.filter(|line| line["span"]["http.route"] == "/api/v1/runs");
        let of_runs: Vec<_> = of_runs.filter(|line| line["http.status"] == 201).collect();
        assert!(!of_runs.is_empty());
        for line in &of_runs {
            let upstream = line["span"]["upstream"].as_str().unwrap();
            let has_answered = |(name, process): &(&str, Trainer)| {
                *name == "command-api" && process.address.to_string() == upstream
            };
            assert!(self.roles.iter().any(has_answered), "{line}");
            assert!(
                line["elapsed_ms"].is_number() && line["span"]["request.id"].is_string(),
                "{line}"
            );
        }
        let again =
            of_runs.iter().filter(|line| line["span"]["attempts"].as_u64() > Some(1)).count();
        println!("{again} of {} writes were sent more than once", of_runs.len());
        assert!(again > 0, "a process was killed, and no write was on its way");
        for line in &lines {
            assert!(!line.to_string().contains(runner.token()), "{line}");
        }
    }

    fn stop(self) {
        let Self { gateways, roles } = self;
        gateways.into_iter().for_each(Trainer::stop);
        roles.into_iter().for_each(|(_, process)| process.stop());
    }
}

/// Runners who write and read through the gateways in turn.
struct Load {
    goes_on: Arc<AtomicBool>,
    clients: JoinSet<Done>,
}

/// What the clients have done.
#[derive(Default)]
struct Done {
    with_key: Vec<String>,
    without_key: usize,
    without_key_answered: Vec<String>,
    last_position: i64,
    reads: Vec<Duration>,
    writes: Vec<Duration>,
}

impl Load {
    async fn start(street: &Street, runner: &Runner) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let mut one = One {
                gateways: street.gateways.each_ref().map(|gateway| runner.client(gateway.address)),
                done: Done::default(),
                path: None,
            };
            let goes_on = Arc::clone(&goes_on);
            clients.spawn(async move {
                let mut turn = number;
                while goes_on.load(Ordering::SeqCst) {
                    one.ask(turn).await;
                    turn += 1;
                    sleep(Duration::from_millis(5)).await;
                }
                one.done
            });
        }
        Self { goes_on, clients }
    }

    async fn end(self) -> Done {
        self.goes_on.store(false, Ordering::SeqCst);
        self.clients.join_all().await.into_iter().fold(Done::default(), |mut all, one| {
            all.with_key.extend(one.with_key);
            all.without_key += one.without_key;
            all.without_key_answered.extend(one.without_key_answered);
            all.last_position = all.last_position.max(one.last_position);
            all.reads.extend(one.reads);
            all.writes.extend(one.writes);
            all
        })
    }
}

impl Done {
    fn show(&self) {
        for (what, times) in [("reads", &self.reads), ("writes with a key", &self.writes)] {
            let mut times = times.clone();
            times.sort_unstable();
            let [half, most, longest] =
                [50, 99, 100].map(|share| times[(times.len() - 1) * share / 100]);
            println!(
                "{} {what}, all answered: p50 {half:.1?}, p99 {most:.1?}, max {longest:.1?}",
                times.len()
            );
        }
    }
}

struct One {
    gateways: [Client; 2],
    done: Done,
    /// A run of this client.
    path: Option<String>,
}

impl One {
    async fn ask(&mut self, turn: usize) {
        let label = Uuid::new_v4().to_string();
        let run = json!({
            "actual_date": Utc::now().date_naive(), "distance_km": 8, "duration_minutes": 40, "notes": label,
        });
        let write = Ask::post("/api/v1/runs", run).header("prefer", "respond-async");
        match turn % 8 {
            0 => {
                self.done.without_key += 1;
                let answer = self.send(turn, &write).await;
                match answer.status.as_u16() {
                    201 => self.done.without_key_answered.push(label),
                    _ => drop(answer.must_be(503)),
                }
            }
            1..=3 => {
                let began = Instant::now();
                let write = write.header("idempotency-key", label.clone());
                let written = loop {
                    let answer = self.send(turn, &write).await;
                    if answer.status != 503 || began.elapsed() > WRITTEN_WITHIN {
                        break answer.must_be(201);
                    }
                    // A role may turn it away on a busy machine; a gateway that repeats it does not lose the answer.
                    let problem = answer.json().to_string();
                    assert!(!problem.contains("the answer was lost"), "{problem}");
                    sleep(Duration::from_millis(100)).await;
                };
                self.done.writes.push(began.elapsed());
                self.done.with_key.push(label);
                self.done.last_position = self.done.last_position.max(written.position());
                self.path = written.header("location").map(str::to_owned);
            }
            _ => {
                let Some(path) = self.path.clone() else { return };
                let read = Ask::get(path)
                    .header("trainer-position", self.done.last_position.to_string())
                    .header("prefer", "wait=20");
                let began = Instant::now();
                self.send(turn, &read).await.must_be(200);
                self.done.reads.push(began.elapsed());
            }
        }
    }

    async fn send(&mut self, turn: usize, ask: &Ask) -> Answer {
        self.gateways[turn / 8 % 2].send(ask).await.unwrap()
    }
}
