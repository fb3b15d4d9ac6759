//! Everything that may happen, again and again, for as long as somebody wants.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::seq::SliceRandom;

use crate::blow::Blow;
use crate::crash::adopt_orphans;
use crate::program::{TestFolder, Trainer};
use crate::scene::{Scene, rng};
use crate::{eventually, number_from};

/// With more events, the checks would take longer than what they check: it begins anew on new data.
const EVENTS_OF_A_LIFE: i64 = 15_000;

/// How long the servers may need to be there again.
const WELL_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes as many minutes as TORTURE_MINUTES says: make torture"]
async fn whatever_dies_or_stands_still_for_however_long_nothing_is_lost_and_nothing_twice() {
    let duration = Duration::from_secs(60 * number_from("TORTURE_MINUTES").unwrap_or(30));
    let first =
        number_from("TRAINER_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    adopt_orphans();
    let began = Instant::now();
    let mut report = Report::default();
    for seed in first.. {
        println!("TRAINER_TEST_SEED={seed}: a new life");
        live(seed, began + duration, &mut report).await;
        report.lives += 1;
        println!("{report}\nafter {:.0?}, with seeds from {first} to {seed}", began.elapsed());
        if began.elapsed() > duration {
            return;
        }
    }
}

/// From an empty folder on, until there are many events or it is time to end.
async fn live(seed: u64, until: Instant, report: &mut Report) {
    let folder = TestFolder::new();
    let mut trainer = Trainer::up(&folder);
    let mut scene = Scene::new(seed, trainer.address).await;
    let mut events = 0;
    // Each of them, in some order, before one comes again.
    let mut to_come = vec![];
    for round in 1.. {
        if to_come.is_empty() {
            to_come = Blow::ALL.to_vec();
            to_come.shuffle(&mut rng(seed, round, usize::from(u8::MAX)));
        }
        let blow = to_come.pop().expect("one is left");
        let began = Instant::now();
        let survived = scene.write_until(blow, round, &folder, &trainer).await;
        if blow.ends_the_trainer() {
            trainer.killed();
            trainer = Trainer::up(&folder);
        }
        until_well(&folder).await;
        scene.sign_in(trainer.address).await;
        let checked = scene.check(trainer.address, &folder).await;
        println!(
            "seed {seed}, round {round}: {blow:?}, {} acknowledged, of {} without an answer {} were done, {} events, {:.1?}",
            survived.acknowledged,
            checked.unanswered,
            checked.done,
            checked.events,
            began.elapsed(),
        );
        *report.blows.entry(blow).or_default() += 1;
        report.acknowledged += survived.acknowledged;
        report.contended += survived.contended;
        report.unanswered += checked.unanswered;
        report.done += checked.done;
        report.events += checked.events - events;
        events = checked.events;
        if events > EVENTS_OF_A_LIFE || Instant::now() > until {
            break;
        }
    }
    trainer.stop();
    folder.assert_nothing_is_left();
}

/// Waits until both servers are there.
async fn until_well(folder: &TestFolder) {
    eventually("the return of Postgres and nats-server", WELL_WITHIN, async || {
        let urls = embedded::connect(&folder.file("data")).await?;
        urls.nats_pid.map(|_runs| ())
    })
    .await;
}

/// What was survived: the test fails at the first thing that is not as it must be.
#[derive(Debug, Default)]
struct Report {
    lives: u64,
    blows: BTreeMap<Blow, u64>,
    acknowledged: u64,
    contended: u64,
    unanswered: usize,
    done: usize,
    events: i64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds: u64 = self.blows.values().sum();
        writeln!(f, "survived {rounds} blows in {} lives", self.lives)?;
        for (blow, times) in &self.blows {
            let words = match blow {
                Blow::Everything => "kills of everything",
                Blow::Trainer => "kills of the trainer alone",
                Blow::Postgres => "kills of Postgres alone",
                Blow::Nats => "kills of nats-server alone",
                Blow::PostgresStandsStill => "times Postgres stood still",
                Blow::NatsStandsStill => "times nats-server stood still",
            };
            writeln!(f, "{times:>9} {words}")?;
        }
        writeln!(f, "{:>9} writes acknowledged, in {} events", self.acknowledged, self.events)?;
        writeln!(f, "{:>9} writes that lost every race, and did nothing", self.contended)?;
        writeln!(
            f,
            "{:>9} writes without an answer, of which {} were done",
            self.unanswered, self.done
        )?;
        write!(f, "        no violation")
    }
}
