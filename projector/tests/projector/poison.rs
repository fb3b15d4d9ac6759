use std::time::Duration;

use domain::OwnerId;
use projector::{Projection, ProjectorError, rebuild};
use tokio::time::sleep;

use crate::scene::{Scene, eventually};
use crate::story::{create, day, owner, plan_id, ran, record, run_id};

#[tokio::test]
async fn what_cannot_be_read_stops_its_projection_there_and_no_other() {
    let (scene, owner) = (Scene::new().await, owner());
    for number in 0..10 {
        scene.tell(owner, vec![record(run_id(), owner, ran(day(10 + number), 8.0, 2_400))]).await;
    }
    let unreadable = scene.append_unreadable("run", owner).await;
    scene.tell(owner, vec![record(run_id(), owner, ran(day(50), 8.0, 2_400))]).await;
    scene.tell(owner, vec![create(plan_id(), owner)]).await;

    // All of it is one batch.
    let (mut runs, mut plans) = (scene.follow(Projection::Runs), scene.follow(Projection::Plans));
    runs.reaches(unreadable - 1).await;
    plans.reaches(scene.head().await).await;
    sleep(Duration::from_millis(800)).await;

    assert_eq!((scene.rows("runs").await.len(), scene.rows("plans").await.len()), (10, 1));
    assert_eq!(runs.reached(), unreadable - 1);
    assert_eq!(scene.checkpoint(Projection::Runs, "live").await, Some(unreadable - 1));

    // A newer program can read it, or somebody takes it out: it goes on from there.
    sqlx::query("delete from es.events where position = $1")
        .bind(unreadable)
        .execute(&scene.pool)
        .await
        .unwrap();
    runs.reaches(scene.head().await).await;
    assert_eq!(scene.rows("runs").await.len(), 11);
    scene.assert_totals_add_up().await;
    runs.stop().await;
    plans.stop().await;
}

#[tokio::test]
async fn a_rebuild_that_cannot_read_an_event_leaves_the_live_rows_alone() {
    let (scene, owner) = (Scene::new().await, owner());
    for _ in 0..3 {
        scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;
    }
    scene.project(Projection::Runs).await;
    let rows = scene.rows("runs").await;
    scene.set_version_of(2, "7").await;

    for _ in 0..2 {
        let failed = rebuild(Projection::Runs, &scene.pool, |_progress| {}).await;
        assert!(matches!(failed, Err(ProjectorError::Event { position: 2, .. })), "{failed:?}");
        assert_eq!(scene.rows("runs").await, rows);
        assert_eq!(scene.checkpoint(Projection::Runs, "live").await, Some(3));
    }

    scene.set_version_of(2, "1").await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test]
async fn what_no_projection_is_about_is_passed_over() {
    let (scene, owner) = (Scene::new().await, owner());
    scene.append_unreadable("gear", owner).await;
    scene.tell(owner, vec![record(run_id(), owner, ran(day(10), 8.0, 2_400))]).await;

    for projection in Projection::ALL {
        scene.project(projection).await;
        scene.rebuild(projection).await;
    }

    assert_eq!(scene.rows("runs").await.len(), 1);
}

#[tokio::test]
async fn a_checkpoint_follows_events_that_write_nothing() {
    let (scene, owner) = (Scene::new().await, owner());
    let mut runs = scene.follow(Projection::Runs);
    for _ in 0..10 {
        let position = scene.tell(owner, vec![create(plan_id(), owner)]).await;
        runs.reaches(position).await;
    }

    eventually("the checkpoint", async || {
        scene.checkpoint(Projection::Runs, "live").await == Some(10)
    })
    .await;
    runs.stop().await;
}

impl Scene {
    /// Makes an event one that a newer program has written, or one of ours again.
    async fn set_version_of(&self, position: i64, version: &str) {
        sqlx::query("update es.events set event_version = $2 where position = $1")
            .bind(position)
            .bind(version)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// An event of a type that this program does not know, as a newer one may have written it.
    async fn append_unreadable(&self, aggregate_type: &str, owner: OwnerId) -> i64 {
        let mut transaction = self.pool.begin().await.unwrap();
        let position: i64 =
            sqlx::query_scalar("update es.head set position = position + 1 returning position")
                .fetch_one(&mut *transaction)
                .await
                .unwrap();
        sqlx::query(
            "insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                                    payload, metadata, owner_id, part, event_id, recorded_at)
             values ($1, $2, gen_random_uuid()::text, 1, $2 || '.teleported', '7', '{}', '{}', $3, 7,
                     gen_random_uuid(), now())",
        )
        .bind(position)
        .bind(aggregate_type)
        .bind(owner.0)
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        position
    }
}
