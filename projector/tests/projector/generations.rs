//! Rebuilds that are interrupted, compared, taken back, and begun by a new version.

use std::time::Duration;

use domain::OwnerId;
use event_store::Leadership;
use futures::future::join_all;
use projector::{
    Projection, ProjectorError, RebuildFrom, RebuildProgress, Undertaking, build, diff, pause,
    rebuild, resume, rollback, undertake,
};
use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::scene::{Scene, eventually};
use crate::story::{day, owner, ran, record, run_id};

const FROM_THERE: RebuildFrom = RebuildFrom::WhereItStopped;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_killed_again_and_again_goes_on_and_ends() {
    let scene = Scene::new().await;
    let owner = owner();
    // A rebuild takes 8,000 at a time: more than three times that.
    scene.tell_at_length(owner, 25_000).await;
    scene.project(Projection::Runs).await;

    let mut reached = 0;
    for round in 0..4 {
        // Now at any moment at the beginning, now behind the next batch.
        let killed = if round % 2 == 0 {
            scene.is_killed_after(Duration::from_millis(10 * round)).await;
            false
        } else {
            scene.is_killed_after_a_batch().await
        };
        // Postgres notices a little later that nobody holds the lock any more.
        eventually("the end of the killed one", async || scene.takes_generations().await.is_some())
            .await;
        let position = scene.checkpoint(Projection::Runs, "next").await.unwrap_or(0);
        assert!(position >= reached, "{position} after {reached}");
        assert!(!killed || position > reached, "{position} after a batch behind {reached}");
        assert!(position < scene.head().await, "killed too late to be a test");
        reached = position;
        scene.tell_much(owner, 10).await;
    }
    assert!(reached > 0);
    let rebuilt = rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();

    assert_eq!(rebuilt.events, scene.head().await - reached, "{rebuilt:?} after {reached}");
    scene.project(Projection::Runs).await;
    scene.assert_clean(Projection::Runs).await;
    scene.assert_totals_add_up().await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test]
async fn a_rollback_that_was_begun_for_a_request_is_not_begun_for_it_again() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), 10).await;
    scene.project(Projection::Runs).await;
    scene.rebuild(Projection::Runs).await;
    let request_id = Uuid::now_v7();
    sqlx::query(
        "insert into projector.operator_requests (key_hash, request_id, request_hash, created_at)
         values ('', $1, '', now())",
    )
    .bind(request_id)
    .execute(&scene.pool)
    .await
    .unwrap();
    let roll_back = async || {
        let (what, which) = (Undertaking::Rollback, Projection::Runs);
        undertake(what, which, &scene.pool, FROM_THERE, request_id, &mut |_| {}).await
    };
    let live = async || -> i64 {
        let oid = sqlx::query_scalar("select 'public.runs'::regclass::oid::bigint");
        oid.fetch_one(&scene.pool).await.unwrap()
    };

    let before = live().await;
    roll_back().await.unwrap();
    let after = live().await;
    assert_ne!(before, after);
    let again = roll_back().await;
    assert!(matches!(again, Err(ProjectorError::BegunBefore)), "{again:?}");
    assert_eq!(live().await, after, "it was taken back");
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
async fn an_older_program_does_not_replace_the_rows_of_a_newer_one() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), 3).await;
    scene.project(Projection::Runs).await;
    sqlx::query("update projector.checkpoints set version = 99")
        .execute(&scene.pool)
        .await
        .unwrap();

    let refused = rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await;

    assert!(matches!(refused, Err(ProjectorError::Newer { rows: 99, .. })), "{refused:?}");
    assert_eq!(scene.version(Projection::Runs).await, 99);
}

#[tokio::test]
async fn a_projector_whose_rows_are_replaced_by_those_of_an_older_program_builds_them_anew() {
    let scene = Scene::new().await;
    let owner = owner();
    let mut runs = scene.follow(Projection::Runs);
    scene.tell_much(owner, 30).await;
    runs.reaches(30).await;
    // As a program did that was not asked to stop before the upgrade.
    scene.rebuild(Projection::Runs).await;
    for older in [
        "update runs set notes = 'by the older version'",
        "update projector.checkpoints set version = 0, epoch = default where projection = 'runs'",
    ] {
        sqlx::query(older).execute(&scene.pool).await.unwrap();
    }

    scene.tell_much(owner, 1).await;
    eventually("the rebuild", async || {
        scene.version(Projection::Runs).await == Projection::Runs.version()
    })
    .await;
    runs.reaches(31).await;
    runs.stop().await;
    assert!(!scene.columns("runs", "notes").await.contains(&"by the older version".to_owned()));
    scene.assert_clean(Projection::Runs).await;
}

#[tokio::test]
async fn rows_of_an_older_program_that_become_live_during_a_pause_are_built_anew_after_it() {
    let scene = Scene::new().await;
    let owner = owner();
    let mut runs = scene.follow(Projection::Runs);
    scene.tell_much(owner, 3).await;
    runs.reaches(3).await;
    pause(Projection::Runs, &scene.pool).await.unwrap();
    scene.tell_much(owner, 1).await;
    // It waits now, and looks again and again.
    sleep(Duration::from_millis(500)).await;
    sqlx::query(
        "update projector.checkpoints set version = 0, epoch = default where projection = 'runs'",
    )
    .execute(&scene.pool)
    .await
    .unwrap();
    sleep(Duration::from_millis(1_500)).await;

    resume(Projection::Runs, &scene.pool).await.unwrap();

    eventually("the rebuild", async || {
        scene.version(Projection::Runs).await == Projection::Runs.version()
    })
    .await;
    runs.reaches(4).await;
    runs.stop().await;
    scene.assert_clean(Projection::Runs).await;
}

#[tokio::test]
async fn pausing_and_resuming_are_about_the_rows_that_are_live_when_they_are_done() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), 3).await;
    scene.project(Projection::Runs).await;
    scene.rebuild(Projection::Runs).await;
    for pausing in [true, false] {
        // As an exchange does, which has both meanwhile.
        let mut exchange = scene.pool.begin().await.unwrap();
        sqlx::query(
            "update projector.checkpoints
                set generation = case generation when 'live' then 'previous' else 'live' end,
                    paused_at = case generation when 'live' then null
                                else (select max(paused_at) from projector.checkpoints
                                       where projection = 'runs' and generation = 'live') end,
                    epoch = default
              where projection = 'runs'",
        )
        .execute(&mut *exchange)
        .await
        .unwrap();
        let pool = scene.pool.clone();
        let asked = tokio::spawn(async move {
            if pausing {
                pause(Projection::Runs, &pool).await.unwrap();
            } else {
                resume(Projection::Runs, &pool).await.unwrap();
            }
        });
        eventually("a wait for the exchange", async || {
            sqlx::query_scalar(
                "select exists (select from pg_stat_activity
                                 where datname = current_database() and wait_event_type = 'Lock')",
            )
            .fetch_one(&scene.pool)
            .await
            .unwrap()
        })
        .await;
        exchange.commit().await.unwrap();
        asked.await.unwrap();

        let paused: bool = sqlx::query_scalar(
            "select bool_and(paused_at is not null) from projector.checkpoints
              where projection = 'runs' and generation = 'live'",
        )
        .fetch_one(&scene.pool)
        .await
        .unwrap();
        assert_eq!(paused, pausing);
    }
}

#[tokio::test]
async fn tables_of_before_a_migration_do_not_serve_again() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), 5).await;
    scene.project(Projection::Runs).await;
    scene.rebuild(Projection::Runs).await;
    build(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();
    let begun = scene.checkpoint(Projection::Runs, "next").await;
    assert_eq!(begun, Some(5));

    sqlx::raw_sql("create index of_a_migration on runs (perceived_effort)")
        .execute(&scene.pool)
        .await
        .unwrap();

    let back = rollback(Projection::Runs, &scene.pool, &mut |_| {}).await;
    assert!(matches!(back, Err(ProjectorError::OtherTables { .. })), "{back:?}");
    let rebuilt = rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();
    assert_eq!(rebuilt.events, 5, "what was begun before is begun anew");
    let indexes =
        "(select indexname from pg_indexes where schemaname = 'public' and tablename = 'runs')";
    assert!(scene.columns(indexes, "indexname").await.contains(&"of_a_migration".to_owned()));
    scene.assert_clean(Projection::Runs).await;
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

impl Scene {
    /// Many runs, of several hundred commands.
    async fn tell_at_length(&self, owner: OwnerId, runs: u64) {
        let days: Vec<u64> = (0..runs).map(|number| 1 + number % 300).collect();
        let commands = days.chunks(100).map(|days| {
            let steps = days.iter().map(|of| record(run_id(), owner, ran(day(*of), 8.0, 2_400)));
            self.tell(owner, steps.collect())
        });
        join_all(commands).await;
    }

    async fn is_killed_after(&self, time: Duration) {
        let pool = self.pool.clone();
        let build = async move { build(Projection::Runs, &pool, FROM_THERE, &mut |_| {}).await };
        let killed = tokio::spawn(build);
        sleep(time).await;
        killed.abort();
        let _killed = killed.await;
    }

    /// Kills a rebuild as soon as it has written a batch; says whether it has not come to its end.
    async fn is_killed_after_a_batch(&self) -> bool {
        let kill = CancellationToken::new();
        let mut on_progress = |progress: RebuildProgress| {
            if progress.position > progress.from {
                kill.cancel();
            }
        };
        let build = build(Projection::Runs, &self.pool, FROM_THERE, &mut on_progress);
        kill.run_until_cancelled(build).await.is_none()
    }

    /// The lock of whoever works on the generations of runs.
    async fn takes_generations(&self) -> Option<Leadership> {
        Leadership::try_take("generations of runs", &self.pool.connect_options()).await.unwrap()
    }
}
