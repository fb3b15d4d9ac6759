//! Verifying while other things go on, and a log that is too long to be folded in memory at once.

use std::num::NonZeroU32;

use domain::OwnerId;
use event_store::{CommandContext, begin_erasure, remove_events_of};
use projector::{Projection, RebuildFrom, Verified, pause, rebuild, verify, verify_at_once};

use crate::scene::{Scene, eventually};
use crate::story::owner;

async fn in_bits(scene: &Scene, events_at_once: u32) -> Verified {
    let at_once = NonZeroU32::new(events_at_once).unwrap();
    verify_at_once(Projection::Runs, &scene.pool, 0, at_once, |_, _| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_verified_bit_by_bit_is_verified_as_a_whole() {
    let scene = Scene::new().await;
    scene.runs_of_many(150).await;
    scene.project(Projection::Runs).await;
    let whole = verify(Projection::Runs, &scene.pool, 0, |_, _| {}).await.unwrap();
    assert!(whole.is_clean() && whole.events >= 150, "{whole:?}");
    for events_at_once in [1, 7, 40] {
        let bits = in_bits(&scene, events_at_once).await;
        assert!(bits.is_clean(), "{bits:?}");
        assert_eq!((bits.events, &bits.differences.rows), (whole.events, &whole.differences.rows));
    }

    // A row that is not as it should be, three that are gone, and two of a runner whom no event knows.
    for damage in [
        "update runs set distance_m = distance_m + 1 where run_id = (select run_id from runs order by run_id limit 1)",
        "delete from runs where run_id = (select run_id from runs order by run_id desc limit 1)",
        "delete from runs where run_id in (select run_id from runs order by run_id offset 60 limit 2)",
        "insert into weekly_totals select (jsonb_populate_record(t, '{\"owner_id\": \"00000000-0000-7000-8000-00000000000a\"}')).*
           from weekly_totals t limit 1",
        "insert into monthly_totals select (jsonb_populate_record(t, '{\"owner_id\": \"00000000-0000-7000-8000-00000000000b\"}')).*
           from monthly_totals t limit 1",
    ] {
        sqlx::query(damage).execute(&scene.pool).await.unwrap();
    }
    let whole = verify(Projection::Runs, &scene.pool, 0, |_, _| {}).await.unwrap();
    assert_eq!(whole.differences.count(), 6, "{whole:?}");
    for events_at_once in [1, 7, 40] {
        let bits = in_bits(&scene, events_at_once).await;
        assert_eq!(bits.differences.differing, whole.differences.differing);
        assert_eq!(bits.differences.rows, whole.differences.rows);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generations_that_change_places_meanwhile_are_no_difference() {
    let scene = Scene::new().await;
    // So many that the first progress is told in the middle of it.
    scene.tell_much(owner(), 10_050).await;
    scene.project(Projection::Runs).await;
    let (begun, begins) = std::sync::mpsc::channel();
    let (go_on, goes_on) = std::sync::mpsc::channel();
    let goes_on = std::sync::Mutex::new(goes_on);
    let pool = scene.pool.clone();
    let verifying = tokio::spawn(async move {
        verify(Projection::Runs, &pool, 5, |events, _| {
            if events == 10_000 {
                begun.send(()).unwrap();
                goes_on.lock().unwrap().recv().unwrap();
            }
        })
        .await
        .unwrap()
    });
    begins.recv().unwrap();
    let pool = scene.pool.clone();
    let rebuilding = tokio::spawn(async move {
        rebuild(Projection::Runs, &pool, RebuildFrom::TheBeginning, &mut |_| {}).await.unwrap()
    });
    // The new rows are there; whether they may serve already is what this is about.
    let head = scene.head().await;
    eventually("the new rows", async || {
        scene.checkpoint(Projection::Runs, "next").await == Some(head)
            || scene.checkpoint(Projection::Runs, "previous").await.is_some()
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    go_on.send(()).unwrap();

    let verified = verifying.await.unwrap();
    assert!(verified.is_clean(), "{:?}", verified.differences.differing);
    rebuilding.await.unwrap();
    assert!(verify(Projection::Runs, &scene.pool, 5, |_, _| {}).await.unwrap().is_clean());
}

#[tokio::test]
async fn somebody_who_is_being_erased_is_no_difference_wherever_the_rows_are() {
    let scene = Scene::new().await;
    let (gone, stays) = (owner(), owner());
    for who in [gone, stays] {
        scene.tell_much(who, 20).await;
    }
    scene.project(Projection::Runs).await;
    pause(Projection::Runs, &scene.pool).await.unwrap();

    begin(&scene, gone).await;

    let verified = verify(Projection::Runs, &scene.pool, 5, |_, _| {}).await.unwrap();
    assert!(verified.is_clean(), "{verified:?}");
    assert_eq!(verified.differences.rows["runs"], 20, "of the other one");
    // Not so when it is said to be complete.
    event_store::complete_erasure(&scene.pool, gone).await.unwrap();
    let verified = verify(Projection::Runs, &scene.pool, 5, |_, _| {}).await.unwrap();
    assert_eq!(verified.differences.differing["runs"], 20);
}

/// Begins to erase somebody, and removes their events.
async fn begin(scene: &Scene, owner: OwnerId) {
    let mut transaction = scene.pool.begin().await.unwrap();
    let context = CommandContext::new(owner, "test");
    let erasure = begin_erasure(&mut transaction, &context).await.unwrap();
    transaction.commit().await.unwrap();
    // Rows and events are there, and the rows are looked past: so must the events be.
    let verified = verify(Projection::Runs, &scene.pool, 5, |_, _| {}).await.unwrap();
    assert!(verified.is_clean(), "{verified:?}");
    assert_eq!(remove_events_of(&scene.pool, &erasure).await.unwrap(), 20);
}
