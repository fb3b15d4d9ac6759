//! The rows of somebody who was erased go, wherever in a batch the tombstone lies.

use domain::OwnerId;
use event_store::{CommandContext, begin_erasure};
use projector::{
    Projection, ProjectorError, RebuildFrom, build, erase_from_others, live_rows_show, rebuild,
};

use crate::scene::Scene;
use crate::story::{create, day, owner, plan_id, ran, record, run_id, schedule, workout_id};

const TABLES: [&str; 5] = ["plans", "workouts", "runs", "weekly_totals", "monthly_totals"];

async fn trains(scene: &Scene, owner: OwnerId) {
    let plan_id = plan_id();
    scene.tell(owner, vec![create(plan_id, owner)]).await;
    scene.tell(owner, vec![schedule(plan_id, workout_id(), "Easy", None)]).await;
    scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
}

async fn erase(scene: &Scene, owner: OwnerId) -> i64 {
    let mut transaction = scene.pool.begin().await.unwrap();
    let context = CommandContext::new(owner, "test");
    let erasure = begin_erasure(&mut transaction, &context).await.unwrap();
    transaction.commit().await.unwrap();
    erasure.position
}

impl Scene {
    /// The owners of each table's rows.
    async fn owners(&self, schema_of: impl Fn(&str) -> String) -> Vec<Vec<OwnerId>> {
        let mut owners = Vec::new();
        for table in TABLES {
            let query = format!(
                "select distinct owner_id from {}.{table} order by owner_id",
                schema_of(table)
            );
            let ids: Vec<uuid::Uuid> =
                sqlx::query_scalar(&query).fetch_all(&self.pool).await.unwrap();
            owners.push(ids.into_iter().map(OwnerId).collect());
        }
        owners
    }

    async fn live_owners(&self) -> Vec<Vec<OwnerId>> {
        self.owners(|_table| "public".to_owned()).await
    }

    async fn previous_owners(&self) -> Vec<Vec<OwnerId>> {
        let of_plans = |table: &str| table == "plans" || table == "workouts";
        self.owners(|table| format!("previous_{}", if of_plans(table) { "plans" } else { "runs" }))
            .await
    }

    async fn project_all(&self) {
        for projection in Projection::ALL {
            self.project(projection).await;
        }
    }
}

fn only(owner: OwnerId) -> Vec<Vec<OwnerId>> {
    vec![vec![owner]; TABLES.len()]
}

#[tokio::test]
async fn rows_from_before_the_batch_and_from_within_it_go() {
    let scene = Scene::new().await;
    let (gone, stays, also_gone) = (owner(), owner(), owner());
    trains(&scene, gone).await;
    trains(&scene, stays).await;
    scene.project_all().await;

    // One batch: training before, between and behind two tombstones.
    trains(&scene, gone).await;
    trains(&scene, also_gone).await;
    erase(&scene, gone).await;
    trains(&scene, stays).await;
    erase(&scene, also_gone).await;
    trains(&scene, stays).await;
    scene.project_all().await;

    assert_eq!(scene.live_owners().await, only(stays));
    assert_eq!(scene.rows("runs").await.len(), 3);
    scene.assert_totals_add_up().await;
    for projection in Projection::ALL {
        scene.assert_equals_its_rebuild(projection).await;
    }
}

#[tokio::test]
async fn a_tombstone_that_is_the_first_or_the_only_event_moves_the_checkpoint() {
    let scene = Scene::new().await;
    let nobody = owner();
    let position = erase(&scene, nobody).await;
    scene.project_all().await;
    for projection in Projection::ALL {
        assert_eq!(scene.checkpoint(projection, "live").await, Some(position));
    }
    trains(&scene, owner()).await;
    scene.project_all().await;
    assert_eq!(scene.rows("runs").await.len(), 1);
}

#[tokio::test]
async fn the_generation_that_was_live_before_a_rebuild_forgets_too() {
    let scene = Scene::new().await;
    let (gone, stays) = (owner(), owner());
    trains(&scene, gone).await;
    trains(&scene, stays).await;
    scene.project_all().await;
    erase_from_others(&scene.pool, gone).await.expect("nothing to do is no error");
    for projection in Projection::ALL {
        scene.rebuild(projection).await;
    }
    erase(&scene, gone).await;
    scene.project_all().await;
    assert_ne!(scene.previous_owners().await, only(stays));

    erase_from_others(&scene.pool, gone).await.unwrap();

    assert_eq!(scene.previous_owners().await, only(stays));
}

#[tokio::test]
async fn it_is_known_whether_the_rows_that_serve_have_come_to_a_tombstone() {
    let scene = Scene::new().await;
    let (gone, stays) = (owner(), owner());
    trains(&scene, gone).await;
    trains(&scene, stays).await;
    scene.project_all().await;
    let tombstone = erase(&scene, gone).await;
    scene.project(Projection::Runs).await;
    scene.project(Projection::Exports).await;
    assert!(!live_rows_show(&scene.pool, gone, tombstone).await.unwrap(), "not in plans");
    scene.project(Projection::Plans).await;
    assert!(live_rows_show(&scene.pool, gone, tombstone).await.unwrap());
    assert_eq!(scene.live_owners().await, only(stays));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_built_a_generation_before_somebody_was_erased_from_it_writes_nothing_more() {
    let scene = Scene::new().await;
    let gone = owner();
    scene.tell_much(gone, 100).await;
    scene.project_all().await;
    build(Projection::Runs, &scene.pool, RebuildFrom::TheBeginning, &mut |_| {}).await.unwrap();
    // It stands still before the exchange, and has lost its lock without noticing.
    let pool = scene.pool.clone();
    let mut reader = scene.pool.begin().await.unwrap();
    sqlx::raw_sql("select * from runs").execute(&mut *reader).await.unwrap();
    let rebuilding = tokio::spawn(async move {
        rebuild(Projection::Runs, &pool, RebuildFrom::WhereItStopped, &mut |_| {}).await
    });
    scene.somebody_waits_for_a_table().await;
    crate::scene::eventually("the end of its lock", async || {
        sqlx::query_scalar::<_, bool>(
            "select coalesce(bool_or(pg_terminate_backend(pid)), false) from pg_locks
              where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
        )
        .fetch_one(&scene.pool)
        .await
        .unwrap()
    })
    .await;

    crate::scene::eventually("erasure from the other generations", async || {
        erase_from_others(&scene.pool, gone).await.unwrap()
    })
    .await;
    reader.rollback().await.unwrap();

    let rebuilt = rebuilding.await.unwrap();
    assert!(matches!(rebuilt, Err(ProjectorError::Fenced)), "{rebuilt:?}");
    assert_eq!(scene.rows("rebuild_runs.runs").await.len(), 0);
}
