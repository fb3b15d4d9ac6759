//! More at once than there is room for.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::runner::Runner;
use crate::training::{plan, run, with, workout};

const REQUESTS: usize = 2_000;

/// Whether the machine has nothing else to do, and must answer all of them.
fn is_undisturbed() -> bool {
    std::env::var("TRAINER_TEST_FRESH").is_ok_and(|fresh| fresh == "1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_requests_at_once_over_twenty_database_connections_are_all_answered_rightly() {
    let runner = Runner::new().await;
    let (of_workouts, plan_path) = runner.plan(json!({})).await;
    // Connecting takes longer than asking: all connect first and then ask together.
    let gate = Semaphore::new(0);
    let ask = async |number: usize| {
        let one = runner.elsewhere();
        one.get("/health/live").await;
        let _open = gate.acquire().await.unwrap();
        let notes = format!("number {number}");
        let answer = match number % 8 {
            0 => one.post("/api/v1/plans", with(plan(), json!({ "name": notes }))).await,
            1 => {
                one.post("/api/v1/workouts", with(workout(&of_workouts), json!({ "name": notes })))
                    .await
            }
            2 => one.post("/api/v1/runs", json!({ "notes": notes })).await,
            3 => one.get("/api/v1/plans?limit=1").await,
            4 => one.get(&plan_path).await,
            5 => one.get("/api/v1/analytics/summary").await,
            _ => one.post("/api/v1/runs", with(run(), json!({ "notes": notes }))).await,
        };
        (number, answer)
    };
    let open = async { gate.add_permits(REQUESTS) };
    let (answers, ()) = tokio::join!(join_all((0..REQUESTS).map(ask)), async {
        // Later than the last has come to the gate, which they all pass by then anyway.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        open.await;
    });

    let mut statuses: BTreeMap<(usize, u16), usize> = BTreeMap::new();
    for (number, answer) in &answers {
        *statuses.entry((number % 8, answer.status)).or_default() += 1;
    }
    let expected = |kind: usize| match kind {
        2 => 422,
        3..=5 => 200,
        _ => 201,
    };
    for (kind, status) in statuses.keys() {
        assert!([expected(*kind), 503].contains(status), "{statuses:?}");
    }
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.status == 503) {
        answer.clone().problem(503);
    }

    // Who was told that it is stored was told the truth, and nothing else is stored but what was not told in time.
    let stored = |kinds: &[usize]| {
        let count = |status: u16| -> usize {
            kinds.iter().filter_map(|kind| statuses.get(&(*kind, status))).sum()
        };
        count(201)..=count(201) + count(503)
    };
    let created = answers.iter().filter(|(_, answer)| answer.status == 201);
    let last = created.clone().map(|(_, answer)| answer.position()).max().unwrap().to_string();
    for (path, sum, kinds) in [
        ("/api/v1/analytics/summary", "total_runs", &[6, 7][..]),
        (plan_path.as_str(), "workout_count", &[1]),
    ] {
        let shown = runner.get(path).header("trainer-position", &last).header("prefer", "wait=30");
        let shown = shown.await.must_be(200);
        assert_eq!(shown.header("trainer-consistency"), None, "{path}");
        let shown = shown.json()[sum].as_u64().unwrap() as usize;
        assert!(stored(kinds).contains(&shown), "{path}: {shown}, {statuses:?}");
    }
    for (_, answer) in created.step_by(50) {
        let shown = runner.see(answer.header("location").unwrap()).await;
        assert_eq!(shown["id"], answer.json()["id"]);
    }
    if is_undisturbed() {
        assert!(statuses.keys().all(|(_, status)| *status != 503), "{statuses:?}");
    }
}
