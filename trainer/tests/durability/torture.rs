//! Everything that may happen, again and again, for as long as somebody wants.

use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::blow::Blow;
use crate::crash::adopt_orphans;
use crate::program::{TestFolder, Trainer};
use crate::report::Report;
use crate::scene::{End, Scene, rng};
use crate::{eventually, number_from, torn_lines};

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
        let until = began + duration;
        // By turns: everything in one process, killed with its servers; and a process for each part, two of each, on
        // lines that are torn.
        if seed % 2 == 0 {
            live(seed, until, &mut report).await;
        } else {
            torn_lines::live(seed, |_, events| goes_on(events, until), &mut report).await;
        }
        report.life_is_over();
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
    let mut scene = Scene::new(seed, trainer.address.into()).await;
    let mut to_come = vec![];
    for round in 1.. {
        let blow = next_of(&Blow::ALL, &mut to_come, seed, round);
        let began = Instant::now();
        let doors = [trainer.address.into()];
        let happens = async |fate: &mut StdRng| blow.strike(&folder, fate).await;
        let survived = scene.write_until(round, &doors, blow.end(), happens).await;
        if blow.end() == End::WithTheProgram {
            trainer.killed();
            trainer = Trainer::up(&folder);
        }
        until_well(&folder).await;
        scene.sign_in(trainer.address.into()).await;
        let checked = scene.check(&[trainer.address.into()], &folder).await;
        println!(
            "seed {seed}, round {round}: {blow:?}, {} acknowledged, of {} without an answer {} were done, {} events, {:.1?}",
            survived.acknowledged,
            checked.unanswered,
            checked.done,
            checked.events,
            began.elapsed(),
        );
        report.add(blow.words(), survived, checked);
        if !goes_on(checked.events, until) {
            break;
        }
    }
    trainer.stop();
    folder.assert_nothing_is_left();
}

/// Whether a life with so many events goes on.
fn goes_on(events: i64, until: Instant) -> bool {
    events <= EVENTS_OF_A_LIFE && Instant::now() <= until
}

/// Each of them, in some order, before one comes again.
pub(crate) fn next_of<T: Copy>(all: &[T], to_come: &mut Vec<T>, seed: u64, round: u64) -> T {
    if to_come.is_empty() {
        to_come.extend_from_slice(all);
        to_come.shuffle(&mut rng(seed, round, usize::from(u8::MAX)));
    }
    to_come.pop().expect("one is left")
}

/// Waits until both servers are there.
pub(crate) async fn until_well(folder: &TestFolder) {
    eventually("the return of Postgres and nats-server", WELL_WITHIN, async || {
        let urls = embedded::connect(&folder.file("data")).await?;
        urls.nats_pid.map(|_runs| ())
    })
    .await;
}
