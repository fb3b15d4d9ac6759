use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::OwnerId;
use domain::run::RunRevision;
use futures::stream::{self, StreamExt};
use projector::{Projection, RebuildFrom, checkpoints, rebuild};
use sqlx::{Connection, PgConnection};
use tokio::time::{Duration, sleep};

use crate::scene::Scene;
use crate::story::{
    correct, create, day, delete_run, fulfil, km, owner, plan_id, ran, record, rename, run_id,
    schedule, workout_id,
};

/// More than are folded while readers wait.
const MANY: usize = 2_200;

#[tokio::test]
async fn a_rebuild_rests_while_the_live_rows_are_behind_and_only_then() {
    let scene = Scene::new().await;
    let owner = owner();
    scene.tell_much(owner, MANY).await;
    scene.project(Projection::Runs).await;
    assert_eq!(scene.rebuild(Projection::Runs).await.rested, Duration::ZERO);

    scene.tell_much(owner, 10).await;
    // Longer than the live rows may be behind.
    sleep(Duration::from_millis(50)).await;
    assert!(scene.rebuild(Projection::Runs).await.rested > Duration::ZERO);
}

#[tokio::test]
async fn a_rebuild_says_how_far_it_is_and_what_it_did() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), MANY).await;
    scene.project(Projection::Runs).await;
    let mut progress = Vec::new();

    let rebuilt =
        rebuild(Projection::Runs, &scene.pool, RebuildFrom::TheBeginning, &mut |so_far| {
            progress.push(so_far);
        })
        .await
        .unwrap();

    let head = scene.head().await;
    assert_eq!(rebuilt.events, head);
    assert!(
        progress.is_sorted_by_key(|so_far| so_far.position) && progress.len() >= 2,
        "{progress:?}"
    );
    let last = progress.last().unwrap();
    assert_eq!((last.position, last.head), (head, head));
    let generations: Vec<_> = checkpoints(&scene.pool)
        .await
        .unwrap()
        .into_iter()
        .map(|at| (at.projection, at.generation, at.version, at.position))
        .collect();
    let expected = [
        ("exports", "live", 0),
        ("plans", "live", 0),
        ("runs", "live", head),
        ("runs", "previous", head),
    ]
    .map(|(projection, generation, position)| {
        (projection.to_owned(), generation.to_owned(), Projection::Runs.version(), position)
    });
    assert_eq!(generations, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_while_commands_arrive_equals_the_live_rows() {
    let scene = Arc::new(Scene::new().await);
    let followers = Projection::ALL.map(|projection| scene.follow(projection));
    scene.tell_much(owner(), MANY).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..4).map(|_| tokio::spawn(tell_until(Arc::clone(&scene), Arc::clone(&stop)))).collect();
    let reader = tokio::spawn(read_until(Arc::clone(&scene), Arc::clone(&stop)));

    for _ in 0..2 {
        for projection in Projection::ALL {
            scene.rebuild(projection).await;
        }
        sleep(Duration::from_millis(100)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(reader.await.unwrap() > 10);

    // Those who followed before go on with the new tables.
    let head = scene.head().await;
    for mut follower in followers {
        follower.reaches(head).await;
        follower.stop().await;
    }
    scene.assert_totals_add_up().await;
    for projection in Projection::ALL {
        scene.assert_equals_its_rebuild(projection).await;
    }
}

#[tokio::test]
async fn queries_that_were_prepared_before_the_swap_read_the_new_tables() {
    let scene = Scene::new().await;
    let owner = owner();
    let mut runs = scene.follow(Projection::Runs);
    let mut reader = PgConnection::connect_with(&scene.pool.connect_options()).await.unwrap();

    for round in 1..=8 {
        let last = scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
        runs.reaches(last).await;
        let row: (i64, i64) = sqlx::query_as(
            "select (select count(*) from runs where owner_id = $1), runs from weekly_totals where owner_id = $1",
        )
        .bind(owner.0)
        .fetch_one(&mut reader)
        .await
        .unwrap();
        assert_eq!(row, (round, round));
        scene.rebuild(Projection::Runs).await;
    }
    runs.stop().await;
}

#[tokio::test]
async fn a_live_projection_that_was_behind_goes_on_behind_its_rebuild() {
    let scene = Scene::new().await;
    let owner = owner();
    scene.tell_much(owner, 50).await;
    scene.project(Projection::Runs).await;
    scene.tell_much(owner, MANY).await;

    // Nobody follows: the live rows are 50 runs old.
    scene.rebuild(Projection::Runs).await;
    assert_eq!(scene.rows("previous_runs.runs").await.len(), 50);
    assert_eq!(scene.checkpoint(Projection::Runs, "live").await, Some(scene.head().await));
    assert_eq!(scene.checkpoint(Projection::Runs, "previous").await, Some(50));

    scene.tell_much(owner, 10).await;
    scene.project(Projection::Runs).await;
    assert_eq!(scene.rows("runs").await.len(), 60 + MANY);
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test]
async fn a_rebuild_leaves_out_what_was_erased() {
    let scene = Scene::new().await;
    let owner = owner();
    scene.tell_much(owner, 10).await;
    scene.project(Projection::Runs).await;
    sqlx::raw_sql("delete from es.events where position in (1, 5, 9, 10)")
        .execute(&scene.pool)
        .await
        .unwrap();

    scene.rebuild(Projection::Runs).await;

    assert_eq!(scene.rows("runs").await.len(), 6);
    assert_eq!(scene.checkpoint(Projection::Runs, "live").await, Some(10));
    scene.assert_totals_add_up().await;
    scene.tell_much(owner, 1).await;
    scene.project(Projection::Runs).await;
    assert_eq!(scene.rows("runs").await.len(), 7);
}

#[tokio::test]
async fn rebuilt_tables_have_the_indexes_and_rules_of_those_they_replace() {
    let scene = Scene::new().await;
    let definitions = || async {
        let mut all = Vec::new();
        for projection in Projection::ALL {
            for table in projection.tables() {
                let indexes = format!(
                    "(select indexdef as definition
                        from pg_indexes where schemaname = 'public' and tablename = '{table}')"
                );
                let columns = format!(
                    "(select column_name || data_type || is_nullable || coalesce(collation_name, '') as definition
                        from information_schema.columns where table_schema = 'public' and table_name = '{table}')"
                );
                all.extend(scene.columns(&indexes, "definition").await);
                all.extend(scene.columns(&columns, "definition").await);
            }
        }
        all
    };
    let before = definitions().await;

    for projection in Projection::ALL {
        scene.rebuild(projection).await;
        scene.rebuild(projection).await;
    }

    assert!(before.len() > 50, "{before:?}");
    assert_eq!(definitions().await, before);
}

#[tokio::test]
async fn queries_on_rebuilt_tables_are_planned_with_what_is_in_them() {
    let scene = Scene::new().await;
    scene.tell_much(owner(), MANY).await;

    scene.rebuild(Projection::Runs).await;

    // Less than zero when nobody has looked yet.
    let rows: f32 =
        sqlx::query_scalar("select reltuples from pg_class where oid = 'public.runs'::regclass")
            .fetch_one(&scene.pool)
            .await
            .unwrap();
    assert_eq!(rows, MANY as f32);
}

impl Scene {
    /// Records many runs at once.
    pub(crate) async fn tell_much(&self, owner: OwnerId, runs: usize) {
        let recorded = (0..runs).map(|number| {
            let details = ran(day(1 + number as u64 % 300), 8.0, 2_400);
            self.tell(owner, vec![record(run_id(), owner, details)])
        });
        // No more at once than wait for a connection in much less time than they may.
        stream::iter(recorded).buffer_unordered(100).collect::<Vec<_>>().await;
    }
}

/// Tells of plans and runs, and changes them.
async fn tell_until(scene: Arc<Scene>, stop: Arc<AtomicBool>) {
    let owner = owner();
    let plan = plan_id();
    scene.tell(owner, vec![create(plan, owner)]).await;
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        let (run, workout) = (run_id(), workout_id());
        let mut steps = vec![
            schedule(plan, workout, "Tempo", None),
            record(run, owner, ran(day(round % 300), 8.0, 2_400)),
        ];
        steps.extend(fulfil(plan, workout, run));
        scene.tell(owner, steps).await;
        let further = RunRevision { distance_m: Some(km(9.0)), ..RunRevision::default() };
        scene
            .tell(owner, vec![rename(plan, &format!("Plan {round}")), correct(run, further)])
            .await;
        if round % 5 == 0 {
            let fleeting = run_id();
            scene.tell(owner, vec![record(fleeting, owner, ran(day(1), 8.0, 2_400))]).await;
            scene.tell(owner, vec![delete_run(fleeting)]).await;
        }
    }
}

/// Nobody sees fewer workouts than were there before; answers how often it looked.
async fn read_until(scene: Arc<Scene>, stop: Arc<AtomicBool>) -> u64 {
    let (mut seen, mut looks) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let there: i64 = sqlx::query_scalar("select count(*) from workouts")
            .fetch_one(&scene.pool)
            .await
            .unwrap();
        assert!(there >= seen, "{seen} workouts were there, and now {there}");
        (seen, looks) = (there, looks + 1);
    }
    looks
}
