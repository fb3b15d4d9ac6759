//! Reading one's own writes.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{plan, run, with, workout};

/// How many writers there are at once.
const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_runs_are_each_there_on_another_connection_as_soon_as_they_are_recorded() {
    let runner = Runner::new().await;
    let writer = async |writer: usize| {
        let elsewhere = runner.elsewhere();
        for number in 0..5_000 / WRITERS + 1 {
            let notes = json!({ "notes": format!("{writer} {number}") });
            let created = runner.post("/api/v1/runs", with(run(), notes)).await.must_be(201);
            assert_eq!(created.header("trainer-consistency"), None);
            let seen = elsewhere.get(created.header("location").unwrap()).await.must_be(200);
            assert_eq!(seen.json(), created.json());
        }
    };
    join_all((0..WRITERS).map(writer)).await;
    let total = WRITERS * (5_000 / WRITERS + 1);
    assert_eq!(runner.see("/api/v1/analytics/summary").await["total_runs"], total);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_after_a_change_never_shows_the_old_version() {
    let runner = Runner::new().await;
    let writer = async |number: usize| {
        let elsewhere = runner.elsewhere();
        let (plan, plan_path) = runner.plan(json!({})).await;
        let (workout, workout_path) = runner.workout(&plan, json!({})).await;
        let (_, run_path) = runner.run(json!({})).await;
        for round in 0..12 {
            let text = format!("{number} {round}");
            for (path, field) in
                [(&plan_path, "name"), (&workout_path, "description"), (&run_path, "notes")]
            {
                let changed = runner.patch(path, json!({ field: text })).await.must_be(200);
                let seen = elsewhere.get(path).await.must_be(200);
                assert!(seen.version() >= changed.version(), "{path}");
                assert_eq!(seen.json()[field], text.as_str());
            }
            let to = json!({ "workout_id": workout["id"] });
            runner.post(format!("{run_path}/match"), to).await.must_be(200);
            assert_eq!(elsewhere.see(&workout_path).await["status"], "completed");
            runner.post(format!("{run_path}/unmatch"), json!({})).await.must_be(200);
            assert_eq!(elsewhere.see(&workout_path).await["status"], "missed");
        }
        runner.delete(&plan_path).await.must_be(204);
        for gone in [&plan_path, &workout_path] {
            elsewhere.get(gone).await.problem(404);
        }
    };
    join_all((0..WRITERS).map(writer)).await;
}

#[tokio::test]
async fn lists_and_sums_show_a_write_too() {
    let runner = Runner::new().await;
    for count in 1..=20 {
        let (plan, path) = runner.plan(json!({})).await;
        let (workout, _) = runner.workout(&plan, json!({})).await;
        runner.run(json!({ "workout_id": workout["id"] })).await;
        for list in ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs"] {
            assert_eq!(runner.list(list).await.len(), count);
        }
        assert_eq!(runner.see("/api/v1/analytics/summary").await["total_runs"], count);
        let progress = runner
            .see(format!("/api/v1/analytics/plans/{}/progress", path.rsplit_once('/').unwrap().1));
        assert_eq!(progress.await["completed_workouts"], 1);
    }
}

#[tokio::test]
async fn every_write_answers_with_its_position_and_positions_grow() {
    let runner = Runner::new().await;
    let mut last = 0;
    let mut grows = |position: u64| {
        assert!(position > last, "{position} after {last}");
        last = position;
    };
    let created = runner.post("/api/v1/plans", plan()).await.must_be(201);
    grows(created.position());
    let path = created.header("location").unwrap().to_owned();
    grows(runner.patch(&path, json!({ "name": "x" })).await.must_be(200).position());
    grows(runner.put(&path, plan()).await.must_be(200).position());
    let added = runner.post("/api/v1/workouts", workout(&created.json())).await.must_be(201);
    grows(added.position());
    let for_it = json!({ "workout_id": added.json()["id"] });
    let recorded = runner.post("/api/v1/runs", with(run(), for_it)).await.must_be(201);
    grows(recorded.position());
    grows(
        runner
            .post(format!("{}/unmatch", recorded.header("location").unwrap()), json!({}))
            .await
            .position(),
    );
    grows(runner.delete(recorded.header("location").unwrap()).await.must_be(204).position());
    grows(runner.delete(&path).await.must_be(204).position());
}

#[tokio::test]
async fn who_does_not_want_to_wait_is_answered_at_once_and_reads_with_the_position() {
    let runner = Runner::new().await;
    let mut pending = 0;
    for _ in 0..50 {
        let created =
            runner.post("/api/v1/runs", run()).header("prefer", "respond-async").await.must_be(201);
        assert_eq!(created.header("preference-applied"), Some("respond-async"));
        match created.header("trainer-consistency") {
            None => {}
            Some(said) => {
                assert_eq!(said, "pending");
                pending += 1;
            }
        }
        let position = created.position().to_string();
        let seen =
            runner.get(created.header("location").unwrap()).header("trainer-position", &position);
        let seen = seen.header("prefer", "wait=20").await.must_be(200);
        assert_eq!((seen.header("trainer-consistency"), seen.json()), (None, created.json()));
    }
    assert!(pending > 0, "nobody was answered before reads showed the write");
}

#[tokio::test]
async fn who_says_nothing_is_answered_when_reads_show_the_write_or_told_that_they_do_not_yet() {
    let (runner, mut waited) = (Runner::new().await, 0);
    let elsewhere = runner.elsewhere();
    for _ in 0..20 {
        let created = runner.post("/api/v1/runs", run()).unchanged().await.must_be(201);
        assert_eq!(created.header("preference-applied"), None);
        match created.header("trainer-consistency") {
            None => {
                let seen = elsewhere.get(created.header("location").unwrap()).await;
                assert_eq!(seen.must_be(200).json(), created.json());
                waited += 1;
            }
            Some(said) => assert_eq!(said, "pending"),
        }
    }
    // On a busy machine two seconds are not always enough.
    assert!(waited > 0, "nobody waited until reads show the write");
}

#[tokio::test]
async fn a_wait_may_be_bounded() {
    let runner = Runner::new().await;
    let created = runner.post("/api/v1/runs", run()).header("prefer", "wait=30").await.must_be(201);
    assert_eq!(created.header("preference-applied"), Some("wait=30"));
    assert_eq!(created.header("trainer-consistency"), None);
    let path = created.header("location").unwrap().to_owned();
    runner
        .post("/api/v1/runs", run())
        .header("prefer", "wait=x, handling=lenient")
        .await
        .must_be(201);

    let unreached = i64::MAX.to_string();
    let read = |prefer: &str| {
        runner.get(&path).header("trainer-position", &unreached).header("prefer", prefer)
    };
    // On a busy machine an answer may take longer than was waited: the quickest of several tells.
    let quickest = async |prefer: &str| {
        let (mut quickest, mut tries) = (Duration::MAX, 0..20);
        while quickest >= Duration::from_secs(2) && tries.next().is_some() {
            let began = Instant::now();
            let stale = read(prefer).await.must_be(200);
            assert_eq!(stale.header("trainer-consistency"), Some("stale"));
            quickest = quickest.min(began.elapsed());
        }
        quickest
    };
    let (asked, not_at_all) = (quickest("wait=1").await, quickest("respond-async").await);
    assert!(asked >= Duration::from_secs(1), "{asked:?}");

    let began = Instant::now();
    let default =
        runner.get("/api/v1/runs").header("trainer-position", &unreached).await.must_be(200);
    assert_eq!(default.header("trainer-consistency"), Some("stale"));
    let usual = began.elapsed();
    assert!(usual >= Duration::from_secs(2), "{usual:?}");
    assert!(asked < usual && not_at_all < usual, "{asked:?} {not_at_all:?} {usual:?}");
    let fresh = runner.get(&path).header("trainer-position", "0").await.must_be(200);
    assert_eq!((fresh.header("trainer-consistency"), &fresh.json()["notes"]), (None, &Value::Null));
}
