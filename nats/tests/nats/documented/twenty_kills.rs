use std::time::Duration;

use domain::OwnerId;
use tokio::sync::oneshot;
use tokio::time::sleep;
use uuid::Uuid;

use super::kit::{Kit, Language};
use super::sums::has_added_up_everything;
use crate::scene::Scene;

const KILLS: usize = 20;

#[tokio::test]
async fn a_python_subscriber_killed_twenty_times_does_everything_once() {
    does_everything_once(Language::Python).await;
}

#[tokio::test]
async fn a_javascript_subscriber_killed_twenty_times_does_everything_once() {
    does_everything_once(Language::JavaScript).await;
}

#[tokio::test]
async fn a_rust_subscriber_killed_twenty_times_does_everything_once() {
    does_everything_once(Language::Rust).await;
}

async fn does_everything_once(language: Language) {
    let (scene, subscriber_url) = Scene::with_subscriber().await;
    let Some(kit) = Kit::of(language, &subscriber_url) else { return };
    let relay = scene.relay();
    scene.record(300).await;
    scene.all_published().await;

    let (enough, told) = oneshot::channel();
    let killing = async {
        for _ in 0..KILLS {
            let mut subscriber = kit.start();
            let [commits, milliseconds, ..] = *Uuid::new_v4().as_bytes();
            subscriber.commits(1 + usize::from(commits % 3)).await;
            // Anywhere on the way to the next commit.
            sleep(Duration::from_millis(u64::from(milliseconds % 32))).await;
            subscriber.kill().await;
        }
        enough.send(()).unwrap();
    };
    tokio::join!(killing, record_until(&scene, told));

    let subscriber = kit.start();
    has_added_up_everything(&kit, &scene).await;
    subscriber.kill().await;
    has_added_up_everything(&kit, &scene).await;
    relay.stop().await;
}

/// Records runs, none as long as another: one that is lost and one that comes twice do not add up to
/// the same.
async fn record_until(scene: &Scene, mut told: oneshot::Receiver<()>) {
    for number in 0_u32.. {
        let owner = OwnerId(Uuid::from_u128(u128::from(number % 20)));
        scene.record_metres(owner, 10_000 + number).await;
        if told.try_recv().is_ok() {
            return;
        }
    }
}
