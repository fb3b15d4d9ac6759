//! Everything is killed in the middle of many writers, and started again on the same data.

use std::time::Instant;

use rand::Rng;
use rand::rngs::StdRng;

use crate::blow::Blow;
use crate::number_from;
use crate::program::{TestFolder, Trainer};
use crate::scene::{End, Scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_of_everything_what_was_acknowledged_is_there_and_nothing_twice() {
    let seed =
        number_from("TRAINER_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let rounds = number_from("TRAINER_TEST_ROUNDS").unwrap_or(3);
    println!("TRAINER_TEST_SEED={seed} TRAINER_TEST_ROUNDS={rounds}");
    adopt_orphans();
    let folder = TestFolder::new();
    let mut trainer = Trainer::up(&folder);
    let mut scene = Scene::new(seed, trainer.address.into()).await;
    for round in 1..=rounds {
        let began = Instant::now();
        let doors = [trainer.address.into()];
        let happens = async |fate: &mut StdRng| Blow::Everything.strike(&folder, fate).await;
        let survived = scene.write_until(round, &doors, End::WithTheProgram, happens).await;
        trainer.killed();
        let crashed = began.elapsed();
        trainer = Trainer::up(&folder);
        let up = began.elapsed() - crashed;
        let checked = scene.check(&[trainer.address.into()], &folder).await;
        println!(
            "round {round}: {} acknowledged and {} contended in {crashed:.1?}, up again in {up:.1?}, of {} without an \
             answer {} were done; {} events, checked in {:.1?}",
            survived.acknowledged,
            survived.contended,
            checked.unanswered,
            checked.done,
            checked.events,
            began.elapsed() - crashed - up,
        );
    }
    trainer.stop();
    folder.assert_nothing_is_left();
}

/// The servers of a dead trainer become this process's children, and stay zombies when they are killed: as in a
/// container, nobody collects them.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true).unwrap();
}
