//! Rebuilds that are interrupted, compared, taken back, and begun by a new version.

use std::time::Duration;

use event_store::Leadership;
use projector::{
    Projection, ProjectorError, RebuildFrom, build, diff, pause, rebuild, resume, rollback,
};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use crate::scene::{PATIENCE, Scene, eventually};
use crate::story::{day, owner, ran, record, run_id};

const FROM_THERE: RebuildFrom = RebuildFrom::WhereItStopped;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_killed_again_and_again_goes_on_and_ends() {
    let scene = Scene::new().await;
    let owner = owner();
    scene.tell_much(owner, 2_500).await;
    scene.project(Projection::Runs).await;

    let mut reached = 0;
    for round in 0..5 {
        let pool = scene.pool.clone();
        let killed =
            tokio::spawn(
                async move { build(Projection::Runs, &pool, FROM_THERE, &mut |_| {}).await },
            );
        sleep(Duration::from_millis(3 * round)).await;
        killed.abort();
        let _killed = killed.await;
        // Postgres notices a little later that nobody holds the lock any more.
        eventually("the end of the killed one", async || scene.takes_generations().await.is_some())
            .await;
        let position = scene.checkpoint(Projection::Runs, "next").await.unwrap_or(0);
        assert!(position >= reached, "{position} after {reached}");
        reached = position;
        scene.tell_much(owner, 10).await;
    }
    let rebuilt = rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();

    assert!(rebuilt.events <= scene.head().await - reached, "{rebuilt:?} after {reached}");
    scene.project(Projection::Runs).await;
    scene.assert_clean(Projection::Runs).await;
    scene.assert_totals_add_up().await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test]
async fn two_do_not_rebuild_the_same_projection_at_once() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), 10).await;
    let other = scene.takes_generations().await.unwrap();

    let failed = rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await;
    assert!(matches!(failed, Err(ProjectorError::Busy { .. })), "{failed:?}");
    rebuild(Projection::Plans, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();

    other.resign().await;
    rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_generation_is_compared_with_the_live_one_before_it_is_taken() {
    let scene = Scene::new().await;
    let owner = owner();
    let run = run_id();
    scene.tell(owner, vec![record(run, owner, ran(day(10), 8.0, 2_400))]).await;
    scene.tell_much(owner, 20).await;
    scene.project(Projection::Runs).await;
    let none = diff(Projection::Runs, &scene.pool, 5, &mut |_| {}).await;
    assert!(matches!(none, Err(ProjectorError::NoCheckpoint { .. })), "{none:?}");

    build(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();
    let same = diff(Projection::Runs, &scene.pool, 5, &mut |_| {}).await.unwrap();
    assert_eq!((same.with, same.live_position, same.position), ("next", 21, 21));
    assert!(same.differences.is_empty() && same.differences.rows["runs"] == 21, "{same:?}");

    // A row that is wrong, one too many, one too few.
    for fault in [
        format!("update runs set distance_m = 9999 where run_id = '{run}'"),
        "insert into weekly_totals values (gen_random_uuid(), '2026-01-05', 1, 1, 1, 1)".to_owned(),
        "delete from monthly_totals".to_owned(),
    ] {
        sqlx::query(&fault).execute(&scene.pool).await.unwrap();
    }
    // Events that came meanwhile are in both.
    let mut runs = scene.follow(Projection::Runs);
    let last = scene.tell(owner, vec![record(run_id(), owner, ran(day(250), 8.0, 2_400))]).await;
    runs.reaches(last).await;
    let differs = diff(Projection::Runs, &scene.pool, 1, &mut |_| {}).await.unwrap();
    runs.stop().await;
    assert_eq!((differs.live_position, differs.position), (last, last));
    assert_eq!(
        (differs.differences.differing["runs"], differs.differences.differing["weekly_totals"]),
        (1, 1)
    );
    assert!(differs.differences.differing["monthly_totals"] >= 1);
    let first = serde_json::to_value(&differs.differences.first).unwrap();
    let expected = json!([{
        "table": "runs", "key": { "run_id": run.to_string() },
        "found": { "distance_m": 9999 }, "compared": { "distance_m": 8000 },
    }]);
    assert_eq!(first, expected);
    assert!(
        !projector::verify(Projection::Runs, &scene.pool, 5, |_, _| {}).await.unwrap().is_clean()
    );

    // Taking it heals them.
    let taken = rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();
    assert_eq!(taken.events, 0, "it was there already");
    scene.assert_clean(Projection::Runs).await;
}

#[tokio::test]
async fn the_previous_generation_comes_back_up_to_date_and_goes_again() {
    let scene = Scene::new().await;
    let owner = owner();
    let mut runs = scene.follow(Projection::Runs);
    scene.tell_much(owner, 5).await;
    runs.reaches(5).await;
    let none = rollback(Projection::Runs, &scene.pool, &mut |_| {}).await;
    assert!(matches!(none, Err(ProjectorError::NoCheckpoint { .. })), "{none:?}");
    scene.rebuild(Projection::Runs).await;
    sqlx::query("update runs set notes = 'of the new generation'")
        .execute(&scene.pool)
        .await
        .unwrap();
    scene.tell_much(owner, 5).await;
    runs.reaches(10).await;

    let back = rollback(Projection::Runs, &scene.pool, &mut |_| {}).await.unwrap();
    assert_eq!(back.events, 5);
    assert_eq!(scene.rows("runs").await.len(), 10);
    assert!(!scene.columns("runs", "notes").await.contains(&"of the new generation".to_owned()));
    scene.tell_much(owner, 1).await;
    runs.reaches(11).await;
    scene.assert_clean(Projection::Runs).await;

    rollback(Projection::Runs, &scene.pool, &mut |_| {}).await.unwrap();
    let noted = scene.columns("runs", "notes").await;
    assert_eq!(noted.iter().filter(|notes| *notes == "of the new generation").count(), 5);
    runs.reaches(11).await;
    runs.stop().await;

    sqlx::query("update projector.checkpoints set version = 0 where generation = 'previous'")
        .execute(&scene.pool)
        .await
        .unwrap();
    let older = rollback(Projection::Runs, &scene.pool, &mut |_| {}).await;
    assert!(matches!(older, Err(ProjectorError::Outdated { rows: 0, .. })), "{older:?}");
}

#[tokio::test]
async fn rows_of_an_older_version_are_built_anew_by_the_projector_itself() {
    let scene = Scene::new().await;
    let owner = owner();
    scene.tell_much(owner, 30).await;
    scene.project(Projection::Runs).await;
    for older in [
        "update projector.checkpoints set version = 0",
        "update runs set notes = 'by the older version'",
    ] {
        sqlx::query(older).execute(&scene.pool).await.unwrap();
    }

    let mut runs = scene.follow(Projection::Runs);
    eventually("the rebuild", async || {
        scene.checkpoint(Projection::Runs, "previous").await.is_some()
    })
    .await;
    let last = scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
    runs.reaches(last).await;
    runs.stop().await;

    scene.assert_clean(Projection::Runs).await;
    assert_eq!(scene.version(Projection::Runs).await, Projection::Runs.version());
}

#[tokio::test]
async fn a_projector_leaves_rows_of_a_newer_version_alone() {
    let scene = Scene::new().await;
    let owner = owner();
    scene.tell_much(owner, 3).await;
    scene.project(Projection::Runs).await;
    sqlx::query("update projector.checkpoints set version = 99")
        .execute(&scene.pool)
        .await
        .unwrap();

    let runs = scene.follow(Projection::Runs);
    scene.tell_much(owner, 3).await;
    sleep(Duration::from_millis(700)).await;

    assert_eq!(scene.checkpoint(Projection::Runs, "live").await, Some(3));
    assert_eq!(scene.rows("runs").await.len(), 3);
    runs.stop().await;
}

#[tokio::test]
async fn a_paused_projection_stands_still_and_goes_on_when_it_is_resumed() {
    let scene = Scene::new().await;
    let owner = owner();
    let mut runs = scene.follow(Projection::Runs);
    scene.tell_much(owner, 3).await;
    runs.reaches(3).await;

    pause(Projection::Runs, &scene.pool).await.unwrap();
    scene.tell_much(owner, 3).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(scene.rows("runs").await.len(), 3);
    runs.stop().await;
    // A restart does not undo it, nor does a rebuild.
    let mut runs = scene.follow(Projection::Runs);
    scene.rebuild(Projection::Runs).await;
    let at = scene.checkpoint(Projection::Runs, "live").await;
    scene.tell_much(owner, 3).await;
    sleep(Duration::from_millis(700)).await;
    assert_eq!(scene.checkpoint(Projection::Runs, "live").await, at);

    resume(Projection::Runs, &scene.pool).await.unwrap();
    runs.reaches(9).await;
    runs.stop().await;
    scene.assert_clean(Projection::Runs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_read_delays_the_exchange_and_no_other_reader() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), 10).await;
    scene.project(Projection::Runs).await;
    // Like a dump of the database: it holds its tables.
    let mut dump = PgConnection::connect_with(&scene.pool.connect_options()).await.unwrap();
    let mut dump = dump.begin().await.unwrap();
    sqlx::query("select count(*) from runs").execute(&mut *dump).await.unwrap();
    let pool = scene.pool.clone();
    let rebuilding =
        tokio::spawn(
            async move { rebuild(Projection::Runs, &pool, FROM_THERE, &mut |_| {}).await },
        );

    for _ in 0..30 {
        let read = sqlx::query("select count(*) from runs").execute(&scene.pool);
        timeout(Duration::from_secs(3), read).await.unwrap().unwrap();
        sleep(Duration::from_millis(50)).await;
    }
    assert!(!rebuilding.is_finished());
    dump.rollback().await.unwrap();

    timeout(PATIENCE, rebuilding).await.unwrap().unwrap().unwrap();
    assert_eq!(scene.checkpoint(Projection::Runs, "previous").await, Some(10));
    scene.assert_clean(Projection::Runs).await;
}

impl Scene {
    /// The lock of whoever works on the generations of runs.
    async fn takes_generations(&self) -> Option<Leadership> {
        Leadership::try_take("generations of runs", &self.pool.connect_options()).await.unwrap()
    }
}
