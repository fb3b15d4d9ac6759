//! The trainer alone dies, or is told to stop, and is started again on the same data.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::Utc;
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

use crate::mix;
use crate::program::{Ask, Runner, TestFolder, Trainer};
use crate::things::Kind;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_survive_the_trainer_are_taken_over_by_the_next() {
    let folder = TestFolder::new();
    let first = Trainer::up(&folder);
    let runner = Runner::register(first.address).await;
    let mut position = train(&runner, first.address).await;
    let shown = everything(&runner, first.address, position).await;
    let urls = folder.urls().await;

    kill(first.pid(), Signal::SIGKILL).unwrap();
    first.killed();
    assert_eq!(folder.urls().await, urls, "the servers go on");
    let second = Trainer::up(&folder);
    assert_eq!(folder.urls().await, urls, "the same servers are used");
    assert_eq!(everything(&runner, second.address, position).await, shown);
    position = train(&runner, second.address).await;
    let shown = everything(&runner, second.address, position).await;

    second.stop();
    folder.assert_nothing_is_left();
    let third = Trainer::up(&folder);
    assert_eq!(everything(&runner, third.address, position).await, shown);
    train(&runner, third.address).await;
    third.stop();
    folder.assert_nothing_is_left();
}

/// Told to stop while it starts, it stops as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_told_to_stop_during_its_start_leaves_nothing_running() {
    for after_ms in [10, 200, 600, 1_000, 1_400] {
        let folder = TestFolder::new();
        let trainer = Trainer::start(&folder, &["up"]);
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        kill(trainer.pid(), Signal::SIGTERM).unwrap();
        trainer.killed();
        let what = format!("the end of everything, told after {after_ms} ms,");
        crate::eventually(&what, Duration::from_secs(120), async || {
            folder.processes().is_empty().then_some(())
        })
        .await;
        Trainer::up(&folder).stop();
        folder.assert_nothing_is_left();
    }
}

/// Makes a plan with a workout and a run for it, and gives the position of the last event.
async fn train(runner: &Runner, address: SocketAddr) -> i64 {
    let mut client = runner.client(address);
    let plan = Ask::post("/api/v1/plans", mix::plan("a plan"));
    let plan = client.send(&plan).await.unwrap().must_be(201).json();
    let workout = json!({ "plan_id": plan["id"], "name": "a workout", "workout_type": "tempo" });
    let workout =
        client.send(&Ask::post("/api/v1/workouts", workout)).await.unwrap().must_be(201).json();
    let run = json!({
        "actual_date": Utc::now().date_naive(), "distance_km": 10, "duration_minutes": 50, "workout_id": workout["id"],
    });
    client.send(&Ask::post("/api/v1/runs", run)).await.unwrap().must_be(201).position()
}

async fn everything(runner: &Runner, address: SocketAddr, position: i64) -> Vec<Vec<Value>> {
    let mut lists = vec![];
    for kind in Kind::ALL {
        lists.push(runner.list(address, kind.list(), position).await);
    }
    lists
}
