//! Generations change places while others hold their tables.

use projector::{
    Projection, ProjectorError, RebuildFrom, RebuildState, Rebuilt, build, rebuild, standings,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep};

use crate::scene::Scene;
use crate::story::owner;

/// Runs that were rebuilt once, so that there is a previous generation.
async fn scene() -> Scene {
    let scene = Scene::new().await;
    scene.tell_much(owner(), 50).await;
    scene.project(Projection::Runs).await;
    scene.rebuild(Projection::Runs).await;
    scene
}

/// A connection whose transaction has a table in this mode.
async fn holds(scene: &Scene, table: &str, mode: &str) -> PgConnection {
    let mut connection = connect(&scene.pool).await;
    let lock = format!("begin; lock table {table} in {mode} mode");
    connection.execute(lock.as_str()).await.unwrap();
    connection
}

async fn connect(pool: &PgPool) -> PgConnection {
    PgConnection::connect_with(&pool.connect_options()).await.unwrap()
}

/// Begins a rebuild, and comes back when it waits for a table.
async fn waiting_rebuild(scene: &Scene) -> JoinHandle<Rebuilt> {
    let pool = scene.pool.clone();
    let rebuilding = tokio::spawn(async move {
        rebuild(Projection::Runs, &pool, RebuildFrom::TheBeginning, &mut |_| {}).await.unwrap()
    });
    scene.somebody_waits_for_a_table().await;
    rebuilding
}

/// Reads again and again for two seconds, and fails when it has to wait for longer than that.
async fn readers_wait_no_longer_than(scene: &Scene, patience: Duration) {
    let mut reader = connect(&scene.pool).await;
    let set = format!("set lock_timeout = {}", patience.as_millis());
    reader.execute(set.as_str()).await.unwrap();
    for _ in 0..20 {
        for table in Projection::Runs.tables() {
            let read = format!("select count(*) from {table}");
            let rows: i64 = sqlx::query_scalar(&read).fetch_one(&mut reader).await.unwrap();
            assert_ne!(rows, 0, "{table}");
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maintenance_delays_the_exchange_and_no_reader() {
    // Of the generation that served before, and of the one that serves.
    for table in ["previous_runs.runs", "runs", "weekly_totals"] {
        let scene = scene().await;
        // As autovacuum does; it gives way, others do not.
        let maintenance = holds(&scene, table, "share update exclusive").await;
        let rebuilding = waiting_rebuild(&scene).await;

        readers_wait_no_longer_than(&scene, Duration::from_millis(50)).await;

        assert!(!rebuilding.is_finished(), "{table}");
        maintenance.close().await.unwrap();
        assert_eq!(rebuilding.await.unwrap().events, 50);
        scene.assert_clean(Projection::Runs).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_read_delays_the_exchange_and_no_other_reader() {
    let scene = scene().await;
    // Like a dump of the database: it holds its tables.
    let dump = holds(&scene, "runs", "access share").await;
    let rebuilding = waiting_rebuild(&scene).await;

    readers_wait_no_longer_than(&scene, Duration::from_secs(5)).await;

    assert!(!rebuilding.is_finished());
    dump.close().await.unwrap();
    assert_eq!(rebuilding.await.unwrap().events, 50);
    scene.assert_clean(Projection::Runs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_late_to_the_exchange_does_not_let_the_rows_of_another_serve() {
    let scene = scene().await;
    build(Projection::Runs, &scene.pool, RebuildFrom::TheBeginning, &mut |_| {}).await.unwrap();
    let options = scene.pool.connect_options();
    let mut told = 0;
    // All is folded; it stands still right before the exchange. Another one has begun anew when it wakes, and is not done.
    let mut stands_still = |_| {
        told += 1;
        if told == 2 {
            let options = options.clone();
            let other = std::thread::spawn(move || {
                tokio::runtime::Runtime::new().unwrap().block_on(begin_anew(&options));
            });
            other.join().unwrap();
        }
    };

    let late =
        rebuild(Projection::Runs, &scene.pool, RebuildFrom::WhereItStopped, &mut stands_still)
            .await;

    assert!(matches!(late, Err(ProjectorError::Fenced)), "{late:?}");
    assert_eq!(scene.rows("runs").await.len(), 50);
    let standings = standings(&scene.pool).await.unwrap();
    let runs = standings.iter().find(|standing| standing.projection == Projection::Runs).unwrap();
    let state = &runs.rebuild.as_ref().unwrap().state;
    assert_eq!(
        *state,
        RebuildState::Interrupted,
        "it is the other one's, who is gone, and not its own"
    );
}

/// What a rebuild from the first event has done when it is as far as the one before in its own events, and has no row yet.
async fn begin_anew(options: &PgConnectOptions) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    connection
        .execute(
            "begin; delete from rebuild_runs.runs;
             delete from projector.checkpoints where projection = 'runs' and generation = 'next';
             insert into projector.checkpoints (projection, generation, version, position) values ('runs', 'next', 1, 50);
             update projector.rebuilds set rebuild_id = gen_random_uuid();
             commit",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();
}
