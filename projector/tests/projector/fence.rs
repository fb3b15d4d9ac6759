//! Several projectors of one projection: whoever was overtaken writes nothing, nor does who was paused.

use std::time::Duration;

use chrono::Utc;
use domain::{ExportId, OwnerId};
use projector::{Projection, resume};
use sqlx::{Postgres, Transaction};
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

#[tokio::test]
async fn a_projector_that_was_overtaken_parks_nothing() {
    let (scene, owner) = (Scene::new().await, owner());
    let mut runs = scene.follow(Projection::Runs);
    let before = scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
    runs.reaches(before).await;

    let other = scene.holds_the_checkpoint(Projection::Runs).await;
    let unreadable = scene.append_unreadable("run", owner).await;
    scene.is_overtaken_by(other, Projection::Runs, unreadable).await;

    let after = scene.tell(owner, vec![record(run_id(), owner, ran(day(11), 8.0, 2_400))]).await;
    runs.reaches(after).await;
    assert_eq!(scene.parked().await, [], "the overtaken projector parked a stream");
    runs.stop().await;
}

#[tokio::test]
async fn a_projector_that_is_paused_as_it_writes_writes_nothing() {
    let (scene, owner) = (Scene::new().await, owner());
    let run = || record(run_id(), owner, ran(day(10), 8.0, 2_400));
    let plan = || create(plan_id(), owner);
    let export = || request(ExportId(Uuid::now_v7()), owner, plan_id());
    for (projection, first, second) in [
        (Projection::Runs, run(), run()),
        (Projection::Plans, plan(), plan()),
        (Projection::Exports, export(), export()),
    ] {
        let mut follower = scene.follow(projection);
        let before = scene.tell(owner, vec![first]).await;
        follower.reaches(before).await;
        let rows_before = scene.all_rows(projection).await;

        let other = scene.holds_the_checkpoint(projection).await;
        let position = scene.tell(owner, vec![second]).await;
        scene.is_paused_by(other, projection).await;

        assert_eq!(scene.all_rows(projection).await, rows_before, "the paused projector wrote");
        resume(projection, &scene.pool).await.unwrap();
        follower.reaches(position).await;
        assert_ne!(scene.all_rows(projection).await, rows_before);
        follower.stop().await;
    }
}

#[tokio::test]
async fn a_checkpoint_alone_stays_where_it_is_when_the_projection_is_paused() {
    let (scene, owner) = (Scene::new().await, owner());
    let mut runs = scene.follow(Projection::Runs);
    let before = scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
    runs.reaches(before).await;

    let other = scene.holds_the_checkpoint(Projection::Runs).await;
    // To this projection it means nothing: only its checkpoint moves.
    scene.tell(owner, vec![create(plan_id(), owner)]).await;
    scene.is_paused_by(other, Projection::Runs).await;

    assert_eq!(scene.checkpoint(Projection::Runs, "live").await, Some(before));
    runs.stop().await;
}

#[tokio::test]
async fn a_projector_that_is_paused_as_it_parks_parks_nothing() {
    let (scene, owner) = (Scene::new().await, owner());
    let mut runs = scene.follow(Projection::Runs);
    let before = scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
    runs.reaches(before).await;

    let other = scene.holds_the_checkpoint(Projection::Runs).await;
    let unreadable = scene.append_unreadable("run", owner).await;
    scene.is_paused_by(other, Projection::Runs).await;

    assert_eq!(scene.parked().await, [], "the paused projector parked a stream");
    resume(Projection::Runs, &scene.pool).await.unwrap();
    runs.reaches(unreadable).await;
    assert_eq!(scene.parked().await.len(), 1);
    runs.stop().await;
}

impl Scene {
    /// Gives a command whose events the projector is about to write when another one, which in truth
    /// writes nothing, moves the checkpoint behind them.
    async fn is_overtaken_at(&self, projection: Projection, owner: OwnerId, steps: Vec<Step>) {
        let other = self.holds_the_checkpoint(projection).await;
        let position = self.tell(owner, steps).await;
        self.is_overtaken_by(other, projection, position).await;
    }

    /// Somebody who keeps the live checkpoint where it is, until they have done with it what they will.
    async fn holds_the_checkpoint(&self, projection: Projection) -> Transaction<'static, Postgres> {
        let mut other = self.pool.begin().await.unwrap();
        sqlx::query("select from projector.checkpoints where projection = $1 and generation = 'live' for update")
            .bind(projection.name())
            .execute(&mut *other)
            .await
            .unwrap();
        other
    }

    /// As soon as the projector is about to write, the other one moves the checkpoint.
    async fn is_overtaken_by(
        &self,
        mut other: Transaction<'static, Postgres>,
        projection: Projection,
        position: i64,
    ) {
        eventually("the projector's wait", async || self.waits_for_the_checkpoint().await).await;
        sqlx::query("update projector.checkpoints set position = $2 where projection = $1 and generation = 'live'")
            .bind(projection.name())
            .bind(position)
            .execute(&mut *other)
            .await
            .unwrap();
        other.commit().await.unwrap();
    }

    /// As soon as the projector is about to write, the other one pauses the projection; waits for what becomes of it.
    async fn is_paused_by(
        &self,
        mut other: Transaction<'static, Postgres>,
        projection: Projection,
    ) {
        eventually("the projector's wait", async || self.waits_for_the_checkpoint().await).await;
        sqlx::query(
            "update projector.checkpoints set paused_at = now(), epoch = default
              where projection = $1 and generation = 'live'",
        )
        .bind(projection.name())
        .execute(&mut *other)
        .await
        .unwrap();
        other.commit().await.unwrap();
        eventually("the end of what waited", async || !self.is_at_the_checkpoint().await).await;
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

    /// Whether somebody reads or writes the checkpoint just now, or waits for it.
    async fn is_at_the_checkpoint(&self) -> bool {
        sqlx::query_scalar(
            "select exists (select from pg_stat_activity
                             where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
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
