//! Verifying a log that is too long to be folded in memory at once.

use std::num::NonZeroU32;

use projector::{Projection, Verified, verify, verify_at_once};

use crate::scene::Scene;

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

    // A row that is not as it should be, one that is gone, and two of a runner whom no event knows.
    for damage in [
        "update runs set distance_m = distance_m + 1 where run_id = (select run_id from runs order by run_id limit 1)",
        "delete from runs where run_id = (select run_id from runs order by run_id desc limit 1)",
        "insert into weekly_totals select (jsonb_populate_record(t, '{\"owner_id\": \"00000000-0000-7000-8000-00000000000a\"}')).*
           from weekly_totals t limit 1",
        "insert into monthly_totals select (jsonb_populate_record(t, '{\"owner_id\": \"00000000-0000-7000-8000-00000000000b\"}')).*
           from monthly_totals t limit 1",
    ] {
        sqlx::query(damage).execute(&scene.pool).await.unwrap();
    }
    let whole = verify(Projection::Runs, &scene.pool, 0, |_, _| {}).await.unwrap();
    assert_eq!(whole.differences.count(), 4, "{whole:?}");
    for events_at_once in [1, 7, 40] {
        let bits = in_bits(&scene, events_at_once).await;
        assert_eq!(bits.differences.differing, whole.differences.differing);
        assert_eq!(bits.differences.rows, whole.differences.rows);
    }
}
