//! Two of each part, whose lines to Postgres and NATS are torn, dead or slow in the middle of many writers.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use embedded::testing::TestServers;
use event_store::StoreConfig;
use rand::Rng;
use rand::rngs::StdRng;
use sqlx::PgPool;
use tokio::time::sleep;

use crate::house::House;
use crate::line::Line;
use crate::program::{Ask, Client, TestFolder};
use crate::report::Report;
use crate::scene::{End, Scene};
use crate::torture::next_of;
use crate::trouble::{Lines, Trouble};
use crate::{eventually, number_from};

/// How long every process may need to be well again.
const WELL_WITHIN: Duration = Duration::from_secs(90);

/// How long nothing is stored any more until nothing is on its way: an append whose outcome is unknown is tried again as
/// long as the store is patient, and the last attempt may wait for a connection.
static QUIET: LazyLock<Duration> =
    LazyLock::new(|| StoreConfig::default().patience + Duration::from_secs(2));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_the_lines_of_two_of_each_nothing_is_lost_and_nothing_twice() {
    let seed =
        number_from("TRAINER_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let rounds = number_from("TRAINER_TEST_ROUNDS").unwrap_or(2);
    println!("TRAINER_TEST_SEED={seed} TRAINER_TEST_ROUNDS={rounds}");
    let mut report = Report::default();
    live(seed, |round, _| round < rounds, &mut report).await;
    println!("{report}");
}

/// From an empty database on, as long as it is to go on after so many rounds and events.
pub(crate) async fn live(seed: u64, goes_on: impl Fn(u64, i64) -> bool, report: &mut Report) {
    let servers = TestServers::start_own().await;
    let (database_url, nats_url) = (servers.database().await, servers.nats_url());
    let folder =
        TestFolder::with_environment(&[("DATABASE_URL", &database_url), ("NATS_URL", &nats_url)]);
    let lines = [
        Lines { postgres: line(&database_url).await, nats: line(&nats_url).await },
        Lines { postgres: line(&database_url).await, nats: line(&nats_url).await },
    ];
    let sides = lines.each_ref().map(|lines| {
        vec![
            ("DATABASE_URL", over(&lines.postgres, &database_url)),
            ("NATS_URL", over(&lines.nats, &nats_url)),
        ]
    });
    let mut house = House::with_sides(&folder, sides);
    let pool = PgPool::connect(&database_url).await.unwrap();
    let mut scene = Scene::new(seed, house.doors()[0]).await;
    let mut to_come = vec![];
    for round in 1.. {
        let trouble = next_of(&Trouble::ALL, &mut to_come, seed, round);
        let began = Instant::now();
        let doors = house.doors();
        let happens =
            async |fate: &mut StdRng| trouble.strike(&mut house, &folder, &lines, fate).await;
        let survived = scene.write_until(round, &doors, End::WhenEnoughIsWritten, happens).await;
        let happened = began.elapsed();
        all_well(&house).await;
        quiet(&pool).await;
        let doors = house.doors();
        scene.sign_in(doors[0]).await;
        let checked = scene.check(&doors, &folder).await;
        println!(
            "seed {seed}, round {round}: {trouble:?}, {} acknowledged in {happened:.1?}, of {} without an answer {} were \
             done, {} events, checked after {:.1?}",
            survived.acknowledged,
            checked.unanswered,
            checked.done,
            checked.events,
            began.elapsed(),
        );
        report.add(trouble.words(), survived, checked);
        if !goes_on(round, checked.events) {
            break;
        }
    }
    pool.close().await;
    house.stop();
    folder.assert_nothing_is_left();
    servers.servers().stop().await.unwrap();
}

/// A line to the server that a URL names.
pub(crate) async fn line(url: &str) -> Line {
    Line::to(address_in(url)).await
}

/// The URL of a server at the other end of a line to it.
pub(crate) fn over(line: &Line, url: &str) -> String {
    url.replace(&address_in(url).to_string(), &line.address.to_string())
}

fn address_in(url: &str) -> SocketAddr {
    let (_, address) = url.rsplit_once('@').expect("a user");
    address.split(['/', '?']).next().and_then(|address| address.parse().ok()).expect("an address")
}

/// Waits until every process says that it can serve.
async fn all_well(house: &House) {
    for address in house.all() {
        eventually("a process's return", WELL_WITHIN, async || {
            let answer = Client::new(address, "").send(&Ask::get("/health/ready")).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
    }
}

/// Waits until nothing is stored any more. What was on its way over a dead line may come late, though its writer was
/// told long ago that nobody knows.
async fn quiet(pool: &PgPool) {
    let mut last = (-1, Instant::now());
    loop {
        let head = event_store::head(pool).await.unwrap();
        if head != last.0 {
            last = (head, Instant::now());
        } else if last.1.elapsed() > *QUIET {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
}
