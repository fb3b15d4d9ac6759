//! Several projectors of one projection divide the work by parts.

use projector::{
    Diff, Projection, RebuildFrom, Share, build, diff, rebuild, rollback, shares, verify,
};

use crate::scene::{Scene, eventually};
use crate::story::{create, day, delete_run, owner, plan_id, ran, record, run_id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projectors_come_and_go_and_divide_the_work() {
    let scene = Scene::new().await;
    let mut first = scene.follow(Projection::Runs);
    first.has(64).await;
    let mut second = scene.follow(Projection::Runs);
    first.has(32).await;
    second.has(32).await;
    let mut third = scene.follow(Projection::Runs);
    third.has(16).await;
    scene.runs_of_many(200).await;
    let held = scene.shares_at(scene.head().await).await;
    assert_eq!(held.iter().map(|share| share.parts.count()).sum::<u32>(), 64);
    assert_eq!(held.len(), 3);

    // Whoever has least takes on what is left behind.
    second.stop().await;
    scene.runs_of_many(200).await;
    eventually("two shares", async || scene.shares().await.len() == 2).await;
    first.stop().await;
    third.has(64).await;
    scene.runs_of_many(200).await;
    third.reaches(scene.head().await).await;

    assert_eq!(scene.shares().await.len(), 1);
    third.stop().await;
    eventually("nobody", async || scene.shares().await.iter().all(|share| !share.is_held)).await;
    scene.assert_totals_add_up().await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projectors_that_lose_their_leases_unnoticed_apply_every_event_once() {
    let scene = Scene::new().await;
    let owners = [owner(), owner(), owner()];
    let followers = [scene.follow(Projection::Runs), scene.follow(Projection::Runs)];
    for round in 0..4 {
        eventually("a lease", async || !scene.lease_holders().await.is_empty()).await;
        // Who is busy does not notice, and somebody else begins.
        for holder in scene.lease_holders().await {
            sqlx::query("select pg_terminate_backend($1)")
                .bind(holder)
                .execute(&scene.pool)
                .await
                .unwrap();
        }
        for number in 0..100 {
            let owner = owners[number % owners.len()];
            let run = run_id();
            scene
                .tell(
                    owner,
                    vec![record(
                        run,
                        owner,
                        ran(day(1 + (round * 31 + number as u64) % 300), 8.0, 2_400),
                    )],
                )
                .await;
            if number % 3 == 0 {
                scene.tell(owner, vec![delete_run(run)]).await;
            }
        }
    }

    let head = scene.head().await;
    eventually("the end", async || scene.checkpoint(Projection::Runs, "live").await == Some(head))
        .await;
    for follower in followers {
        follower.stop().await;
    }
    scene.assert_totals_add_up().await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn divided_rows_are_verified_compared_exchanged_and_taken_back() {
    let scene = Scene::new().await;
    scene.runs_of_many(60).await;
    let mut first = scene.follow(Projection::Runs);
    let mut second = scene.follow(Projection::Runs);
    first.has(32).await;
    second.has(32).await;
    // One share stays behind for good: its projector is gone, and nobody stands by or sees it.
    let behind = scene.holds_up_one_share().await;
    scene.runs_of_many(60).await;
    let head = scene.head().await;
    eventually("one share at the head", async || {
        scene.shares().await.iter().any(|share| share.position == head)
    })
    .await;
    assert!(scene.shares().await.iter().any(|share| share.position < head), "none is behind");

    let verified = verify(Projection::Runs, &scene.pool, 10, |_, _| {}).await.unwrap();
    assert!(verified.is_clean(), "{verified:?}");
    assert!(verified.position < head);
    behind.rollback().await.unwrap();

    build(Projection::Runs, &scene.pool, RebuildFrom::TheBeginning, &mut |_| {}).await.unwrap();
    scene.runs_of_many(60).await;
    assert_same(&diff(Projection::Runs, &scene.pool, 10, &mut |_| {}).await.unwrap());
    // What was divided to be compared is one again.
    rebuild(Projection::Runs, &scene.pool, RebuildFrom::WhereItStopped, &mut |_| {}).await.unwrap();
    first.has(32).await;
    second.has(32).await;
    scene.runs_of_many(60).await;
    assert_same(&diff(Projection::Runs, &scene.pool, 10, &mut |_| {}).await.unwrap());
    rollback(Projection::Runs, &scene.pool, &mut |_| {}).await.unwrap();
    scene.runs_of_many(60).await;
    scene.shares_at(scene.head().await).await;
    first.stop().await;
    second.stop().await;
    scene.assert_totals_add_up().await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

fn assert_same(diff: &Diff) {
    assert!(diff.differences.is_empty(), "{diff:?}");
    assert!(diff.differences.rows["runs"] > 0);
}

impl Scene {
    /// Runs of runners who are in all kinds of parts; some are deleted again, and plans come in between.
    pub(crate) async fn runs_of_many(&self, count: u64) {
        for number in 0..count {
            let (owner, run) = (owner(), run_id());
            let ran = ran(day(1 + number % 300), 8.0, 2_400);
            self.tell(owner, vec![record(run, owner, ran)]).await;
            match number % 5 {
                0 => self.tell(owner, vec![delete_run(run)]).await,
                1 => self.tell(owner, vec![create(plan_id(), owner)]).await,
                _ => 0,
            };
        }
    }

    async fn shares(&self) -> Vec<Share> {
        shares(&self.pool, Projection::Runs).await.unwrap()
    }

    /// Waits until all shares have come to a position.
    async fn shares_at(&self, position: i64) -> Vec<Share> {
        eventually("all shares at the head", async || {
            self.shares().await.iter().all(|share| share.position >= position)
        })
        .await;
        self.shares().await
    }

    /// Keeps one share from going on, until the transaction ends.
    async fn holds_up_one_share(&self) -> sqlx::Transaction<'static, sqlx::Postgres> {
        let mut transaction = self.pool.begin().await.unwrap();
        let number = self.shares().await[0].number;
        sqlx::query(
            "select from projector.checkpoints
              where projection = 'runs' and generation = 'live' and share = $1 for update",
        )
        .bind(number)
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction
    }

    /// The Postgres processes that hold leases, or show that somebody stands by.
    async fn lease_holders(&self) -> Vec<i32> {
        sqlx::query_scalar(
            "select l.pid from pg_locks l join pg_database d on d.oid = l.database
              where l.locktype = 'advisory' and l.granted and d.datname = current_database()",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }
}
