//! Several projectors of one projection: whoever was overtaken writes nothing.

use std::time::Duration;

use chrono::Utc;
use domain::{ExportId, OwnerId};
use projector::Projection;
use sqlx::{Connection, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

use crate::commands::Step;
use crate::exports::{render, request};
use crate::scene::{Scene, eventually};
use crate::story::{
    create, day, delete_plan, delete_run, owner, plan_id, ran, record, remove, rename, run_id,
    schedule, skip, workout_id,
};

#[tokio::test]
async fn a_projector_of_runs_that_was_overtaken_writes_nothing() {
    let scene = Scene::new().await;
    let (owner, kept, emptied) = (owner(), run_id(), run_id());
    let mut runs = scene.follow(Projection::Runs);
    scene.tell(owner, vec![record(kept, owner, ran(day(10), 8.0, 2_400))]).await;
    let before = scene.tell(owner, vec![record(emptied, owner, ran(day(50), 8.0, 2_400))]).await;
    runs.reaches(before).await;
    let rows_before = scene.all_rows(Projection::Runs).await;

    // In one batch: a run more in a week, and a week with a run less, which is then none.
    let steps = vec![delete_run(emptied), record(run_id(), owner, ran(day(10), 5.0, 1_500))];
    scene.is_overtaken_at(Projection::Runs, owner, steps).await;

    let after = scene.tell(owner, vec![record(run_id(), owner, ran(day(200), 1.0, 300))]).await;
    runs.reaches(after).await;
    let mut rows = scene.all_rows(Projection::Runs).await;
    // The last run, its week and its month.
    assert_eq!(rows.len(), rows_before.len() + 3, "the overtaken projector wrote");
    rows.retain(|row| rows_before.contains(row));
    assert_eq!(rows, rows_before, "the overtaken projector wrote");
    runs.stop().await;
}

#[tokio::test]
async fn a_projector_of_plans_that_was_overtaken_writes_nothing() {
    let scene = Scene::new().await;
    let (owner, kept, gone) = (owner(), plan_id(), plan_id());
    let (skipped, removed) = (workout_id(), workout_id());
    let mut plans = scene.follow(Projection::Plans);
    scene
        .tell(
            owner,
            vec![
                create(kept, owner),
                schedule(kept, skipped, "Skipped", None),
                schedule(kept, removed, "Removed", None),
            ],
        )
        .await;
    let before = scene
        .tell(owner, vec![create(gone, owner), schedule(gone, workout_id(), "Gone", None)])
        .await;
    plans.reaches(before).await;
    let rows_before = scene.all_rows(Projection::Plans).await;

    let new = plan_id();
    let steps = vec![
        delete_plan(gone),
        skip(kept, skipped),
        remove(kept, removed),
        rename(kept, "Renamed"),
        create(new, owner),
        schedule(new, workout_id(), "New", None),
    ];
    scene.is_overtaken_at(Projection::Plans, owner, steps).await;

    // A step of the projector's own, behind what it was not to write.
    let after = scene.tell(owner, vec![create(plan_id(), owner)]).await;
    plans.reaches(after).await;
    let mut rows = scene.all_rows(Projection::Plans).await;
    assert_eq!(rows.len(), rows_before.len() + 1);
    rows.retain(|row| rows_before.contains(row));
    assert_eq!(rows, rows_before, "the overtaken projector wrote");
    plans.stop().await;
}

#[tokio::test]
async fn a_projector_of_exports_that_was_overtaken_writes_nothing() {
    let scene = Scene::new().await;
    let (owner, plan) = (owner(), plan_id());
    let [waits, new, later] = [(); 3].map(|()| ExportId(Uuid::now_v7()));
    let mut exports = scene.follow(Projection::Exports);
    let before = scene.tell(owner, vec![request(waits, owner, plan)]).await;
    exports.reaches(before).await;
    let rows_before = scene.all_rows(Projection::Exports).await;

    let steps = vec![render(waits, Utc::now()), request(new, owner, plan)];
    scene.is_overtaken_at(Projection::Exports, owner, steps).await;

    let after = scene.tell(owner, vec![request(later, owner, plan)]).await;
    exports.reaches(after).await;
    let mut rows = scene.all_rows(Projection::Exports).await;
    assert_eq!(rows.len(), rows_before.len() + 1, "the overtaken projector wrote");
    rows.retain(|row| rows_before.contains(row));
    assert_eq!(rows, rows_before, "the overtaken projector wrote");
    exports.stop().await;
}

#[tokio::test]
async fn a_checkpoint_alone_does_not_go_back_either() {
    let scene = Scene::new().await;
    let owner = owner();
    let mut runs = scene.follow(Projection::Runs);
    // It has begun, and knows where the checkpoint stands.
    let known = scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
    runs.reaches(known).await;

    // To this projection it means nothing: only its checkpoint moves.
    scene.is_overtaken_at(Projection::Runs, owner, vec![create(plan_id(), owner)]).await;
    scene.overtake_by(Projection::Runs, 1_000).await;
    scene.tell(owner, vec![create(plan_id(), owner)]).await;
    sleep(Duration::from_millis(500)).await;

    assert_eq!(scene.checkpoint(Projection::Runs, "live").await, Some(1_002));
    runs.stop().await;
}

impl Scene {
    /// Gives a command whose events the projector is about to write when another one, which in truth
    /// writes nothing, moves the checkpoint behind them.
    async fn is_overtaken_at(&self, projection: Projection, owner: OwnerId, steps: Vec<Step>) {
        let mut other = PgConnection::connect_with(&self.pool.connect_options()).await.unwrap();
        let mut transaction = other.begin().await.unwrap();
        sqlx::query("select from projector.checkpoints where projection = $1 and generation = 'live' for update")
            .bind(projection.name())
            .execute(&mut *transaction)
            .await
            .unwrap();
        let position = self.tell(owner, steps).await;
        eventually("the projector's wait", async || self.waits_for_the_checkpoint().await).await;
        sqlx::query("update projector.checkpoints set position = $2 where projection = $1 and generation = 'live'")
            .bind(projection.name())
            .bind(position)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn overtake_by(&self, projection: Projection, events: i64) {
        sqlx::query(
            "update projector.checkpoints set position = position + $2 where projection = $1",
        )
        .bind(projection.name())
        .bind(events)
        .execute(&self.pool)
        .await
        .unwrap();
    }

    async fn waits_for_the_checkpoint(&self) -> bool {
        sqlx::query_scalar(
            "select exists (select from pg_stat_activity
                             where datname = current_database() and wait_event_type = 'Lock'
                               and query like '%projector.checkpoints%')",
        )
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    async fn all_rows(&self, projection: Projection) -> Vec<serde_json::Value> {
        let mut rows = Vec::new();
        for table in projection.tables() {
            rows.extend(self.rows(table).await);
        }
        rows
    }
}
