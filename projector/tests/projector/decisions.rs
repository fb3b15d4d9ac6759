//! What an operator has decided about parked streams stays decided, whatever generations change places.

use projector::{
    Projection, ProjectorError, RebuildFrom, Unparked, build, drop_event, rebuild, retry, rollback,
};

use crate::scene::Scene;
use crate::story::{correct, day, km, owner, ran, record, run_id};
use domain::run::RunRevision;

const FROM_THERE: RebuildFrom = RebuildFrom::WhereItStopped;

/// A run whose correction to 9 km cannot be read, and a later one of its effort that waits behind it.
struct Stuck {
    scene: Scene,
    run: domain::RunId,
    at: i64,
}

impl Stuck {
    async fn new() -> Self {
        let (scene, owner) = (Scene::new().await, owner());
        let run = run_id();
        scene.tell(owner, vec![record(run, owner, ran(day(10), 8.0, 2_400))]).await;
        let distance = RunRevision { distance_m: Some(km(9.0)), ..RunRevision::default() };
        let at = scene.tell(owner, vec![correct(run, distance)]).await;
        scene.set_version_of(at, "7").await;
        let effort = RunRevision {
            perceived_effort: Some(Some(domain::PerceivedEffort::from_level(7).unwrap())),
            ..RunRevision::default()
        };
        scene.tell(owner, vec![correct(run, effort)]).await;
        scene.project(Projection::Runs).await;
        Self { scene, run, at }
    }

    async fn drop(&self, position: Option<i64>) -> Result<Option<Unparked>, ProjectorError> {
        drop_event(&self.scene.pool, Projection::Runs, self.run.0, position).await
    }

    /// Fails unless the run shows what lies behind the event that was dropped.
    async fn assert_goes_on(&self) {
        let shown = self.scene.columns("runs", "perceived_effort, version").await;
        assert_eq!(shown, ["7 3"]);
        self.scene.assert_totals_add_up().await;
        self.scene.assert_clean(Projection::Runs).await;
        let live: Vec<_> = self.scene.parked().await;
        assert!(live.iter().all(|stream| stream.generation != "live"), "{live:?}");
    }
}

#[tokio::test]
async fn a_drop_is_not_undone_by_a_rollback() {
    let stuck = Stuck::new().await;
    let scene = &stuck.scene;
    scene.rebuild(Projection::Runs).await;
    assert_eq!(scene.parked().await.len(), 2, "in both generations");

    assert_eq!(stuck.drop(None).await.unwrap(), Some(Unparked::Whole { events: 1 }));
    stuck.assert_goes_on().await;
    rollback(Projection::Runs, &scene.pool, &mut |_| {}).await.unwrap();

    stuck.assert_goes_on().await;
    scene.project(Projection::Runs).await;
    stuck.assert_goes_on().await;
}

#[tokio::test]
async fn a_drop_during_a_rebuild_is_not_undone_by_its_end() {
    for before_its_end in [false, true] {
        let stuck = Stuck::new().await;
        let scene = &stuck.scene;
        build(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();
        if before_its_end {
            // When the builder knows already what is dropped, and has only to change places.
            let (pool, run) = (scene.pool.clone(), stuck.run.0);
            let mut dropping = None;
            let mut once = |_| {
                dropping.get_or_insert_with(|| {
                    let pool = pool.clone();
                    tokio::spawn(
                        async move { drop_event(&pool, Projection::Runs, run, None).await },
                    )
                });
            };
            // The exchange waits for a reader until the operator has decided.
            let mut reader = scene.pool.begin().await.unwrap();
            sqlx::raw_sql("select * from runs").execute(&mut *reader).await.unwrap();
            let (rebuilt, ()) = tokio::join!(
                rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut once),
                async {
                    crate::scene::eventually("the operator's decision", async || {
                        sqlx::query_scalar("select exists (select from projector.dropped_events)")
                            .fetch_one(&scene.pool)
                            .await
                            .unwrap()
                    })
                    .await;
                    reader.rollback().await.unwrap();
                }
            );
            rebuilt.unwrap();
            dropping.unwrap().await.unwrap().unwrap();
        } else {
            stuck.drop(None).await.unwrap();
            rebuild(Projection::Runs, &scene.pool, FROM_THERE, &mut |_| {}).await.unwrap();
        }
        stuck.assert_goes_on().await;
    }
}

#[tokio::test]
async fn a_retry_that_succeeded_is_not_undone_by_a_rollback() {
    let stuck = Stuck::new().await;
    let scene = &stuck.scene;
    scene.rebuild(Projection::Runs).await;
    scene.set_version_of(stuck.at, "1").await;
    let whole = retry(&scene.pool, Projection::Runs, stuck.run.0).await.unwrap();
    assert_eq!(whole, Some(Unparked::Whole { events: 2 }));

    rollback(Projection::Runs, &scene.pool, &mut |_| {}).await.unwrap();

    stuck.assert_goes_on().await;
    assert_eq!(scene.columns("runs", "distance_m").await, ["9000"]);
}

#[tokio::test]
async fn to_drop_the_event_at_a_position_is_to_drop_that_one_once() {
    let stuck = Stuck::new().await;
    let other = stuck.drop(Some(stuck.at + 1)).await;
    let expected = (stuck.at + 1, stuck.at);
    assert!(
        matches!(other, Err(ProjectorError::HeldUpElsewhere { asked, position }) if (asked, position) == expected),
        "{other:?}"
    );
    assert_eq!(stuck.scene.only_parked().await.position, stuck.at);

    // Behind it there is another one that nobody has seen yet.
    stuck.scene.set_version_of(stuck.at + 1, "7").await;
    for _sent_again in 0..2 {
        let dropped = stuck.drop(Some(stuck.at)).await.unwrap();
        assert!(
            matches!(dropped, Some(Unparked::Stuck { events: 0, position, .. }) if position == stuck.at + 1),
            "{dropped:?}"
        );
    }
    for _sent_again in 0..2 {
        let dropped = stuck.drop(Some(stuck.at + 1)).await.unwrap();
        assert_eq!(dropped, Some(Unparked::Whole { events: 0 }));
    }
    assert_eq!(stuck.drop(None).await.unwrap(), None);
    assert_eq!(stuck.scene.columns("runs", "version").await, ["1"]);
}
