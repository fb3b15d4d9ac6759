//! The disk under Postgres and nats-server is full, for real, and has room again.

use std::time::Instant;

use rand::Rng;
use rand::rngs::StdRng;

use crate::crash::adopt_orphans;
use crate::history::jetstream_answers;
use crate::number_from;
use crate::program::{TestFolder, Trainer};
use crate::scene::{End, Scene};
use crate::small_disk::SmallDisk;
use crate::torture::until_well;

/// Room for a new cluster, its log, and some thousand events.
const MEGABYTES: u32 = 256;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_disk_without_room_what_was_acknowledged_stays_and_with_room_everything_goes_on() {
    let seed =
        number_from("TRAINER_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let rounds = number_from("TRAINER_TEST_ROUNDS").unwrap_or(1);
    println!("TRAINER_TEST_SEED={seed} TRAINER_TEST_ROUNDS={rounds}");
    adopt_orphans();
    let folder = TestFolder::new();
    let Some(disk) = SmallDisk::mount(&folder.file("data"), MEGABYTES) else {
        return;
    };
    let trainer = Trainer::up(&folder);
    let doors = [trainer.address.into()];
    let mut scene = Scene::new(seed, doors[0]).await;
    for round in 1..=rounds {
        let began = Instant::now();
        let happens = async |_: &mut StdRng| disk.fill();
        // Until nobody can write any more.
        let survived = scene.write_until(round, &doors, End::WithTheProgram, happens).await;
        let full = began.elapsed();
        disk.make_room();
        until_well(&folder).await;
        scene.can_be_written(doors[0]).await;
        let again = began.elapsed() - full;
        jetstream_answers(&folder.urls().await.nats_url).await;
        let checked = scene.check(&doors, &folder).await;
        println!(
            "round {round}: {} acknowledged until there was no room, after {full:.1?}; written again {again:.1?} after \
             there was some; of {} without an answer {} were done, {} events",
            survived.acknowledged, checked.unanswered, checked.done, checked.events,
        );
    }
    trainer.stop();
    folder.assert_nothing_is_left();
}
