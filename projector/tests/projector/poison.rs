//! Events that cannot be applied: their streams wait, in order, and nothing else does.

use domain::OwnerId;
use domain::run::RunRevision;
use projector::{
    ParkedStream, Projection, ProjectorError, Unparked, drop_event, parked_streams, pause, resume,
    retry, verify, waiting_events,
};

use crate::scene::{Scene, eventually};
use crate::story::{
    correct, create, day, delete_run, km, owner, plan_id, ran, record, rename, run_id,
};

#[tokio::test]
async fn what_cannot_be_read_parks_its_stream_and_everything_else_goes_on() {
    let (scene, owner) = (Scene::new().await, owner());
    for number in 0..10 {
        scene.tell(owner, vec![record(run_id(), owner, ran(day(10 + number), 8.0, 2_400))]).await;
    }
    let unreadable = scene.append_unreadable("run", owner).await;
    scene.tell(owner, vec![record(run_id(), owner, ran(day(50), 8.0, 2_400))]).await;
    scene.tell(owner, vec![create(plan_id(), owner)]).await;

    // All of it is one batch.
    for projection in Projection::ALL {
        scene.project(projection).await;
    }

    assert_eq!((scene.rows("runs").await.len(), scene.rows("plans").await.len()), (11, 1));
    let parked = scene.only_parked().await;
    assert_eq!((parked.projection.as_str(), parked.generation.as_str()), ("runs", "live"));
    assert_eq!((parked.position, parked.event_type.as_str()), (unreadable, "run.teleported"));
    assert_eq!((parked.owner_id, parked.attempts), (owner.0, 1));
    assert!(parked.reason.contains("run.teleported"), "{}", parked.reason);
    scene.assert_totals_add_up().await;
    scene.assert_clean(Projection::Runs).await;
}

#[tokio::test]
async fn later_events_of_a_parked_stream_wait_in_order_and_are_applied_when_it_can_be_read() {
    let (scene, owner) = (Scene::new().await, owner());
    let (stuck, other) = (run_id(), run_id());
    scene.tell(owner, vec![record(stuck, owner, ran(day(10), 8.0, 2_400))]).await;
    let corrected = scene.tell(owner, vec![correct(stuck, distance(9.0))]).await;
    scene.set_version_of(corrected, "7").await;
    scene.tell(owner, vec![record(other, owner, ran(day(10), 5.0, 1_500))]).await;
    scene.tell(owner, vec![correct(stuck, effort(7)), correct(other, effort(3))]).await;
    scene.project(Projection::Runs).await;
    let as_it_is = async || {
        let of_run = format!("(select * from runs where run_id = '{stuck}')");
        scene.columns(&of_run, "distance_m, perceived_effort, version").await
    };
    let before = as_it_is().await;
    assert_eq!(scene.only_parked().await.stream_id, stuck.0);
    let waiting = waiting_events(&scene.pool, &scene.only_parked().await).await.unwrap();
    assert_eq!(waiting.iter().map(|event| event.sequence).collect::<Vec<_>>(), [2, 3]);
    scene.assert_clean(Projection::Runs).await;

    let still = retry(&scene.pool, Projection::Runs, stuck.0).await.unwrap().unwrap();
    assert!(matches!(still, Unparked::Stuck { events: 0, position, .. } if position == corrected));
    assert_eq!(scene.only_parked().await.attempts, 2);
    assert_eq!(as_it_is().await, before);

    scene.set_version_of(corrected, "1").await;
    let whole = retry(&scene.pool, Projection::Runs, stuck.0).await.unwrap();
    assert_eq!(whole, Some(Unparked::Whole { events: 2 }));
    assert_eq!(scene.parked().await, []);
    assert_eq!(as_it_is().await, ["9000 7 3"]);
    assert_eq!(retry(&scene.pool, Projection::Runs, stuck.0).await.unwrap(), None);
    scene.assert_totals_add_up().await;
    scene.assert_clean(Projection::Runs).await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test]
async fn a_stream_that_an_operator_lets_go_on_is_followed_by_the_projector_that_runs() {
    let (scene, owner) = (Scene::new().await, owner());
    let (run, other) = (run_id(), run_id());
    let mut runs = scene.follow(Projection::Runs);
    let first = scene.tell(owner, vec![record(run, owner, ran(day(10), 8.0, 2_400))]).await;
    runs.reaches(first).await;
    pause(Projection::Runs, &scene.pool).await.unwrap();
    let bad = scene.tell(owner, vec![correct(run, distance(9.0))]).await;
    scene.set_version_of(bad, "7").await;
    resume(Projection::Runs, &scene.pool).await.unwrap();
    let last = scene.tell(owner, vec![record(other, owner, ran(day(11), 1.0, 300))]).await;
    runs.reaches(last).await;
    assert_eq!(scene.only_parked().await.position, bad);

    let dropped = drop_event(&scene.pool, Projection::Runs, run.0, None).await.unwrap();
    assert_eq!(dropped, Some(Unparked::Whole { events: 0 }));
    let last = scene.tell(owner, vec![correct(run, effort(5))]).await;
    runs.reaches(last).await;
    runs.stop().await;

    assert_eq!(scene.columns("runs", "distance_m, perceived_effort").await, ["1000", "9000 5"]);
    assert_eq!(scene.parked().await, []);
    scene.assert_totals_add_up().await;
    // A correction says all about a run. What was dropped stays dropped.
    scene.assert_clean(Projection::Runs).await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
    assert_eq!(scene.parked().await, []);
}

#[tokio::test]
async fn an_older_program_leaves_the_rows_of_a_newer_one_alone() {
    let (scene, owner) = (Scene::new().await, owner());
    let unreadable = scene.append_unreadable("run", owner).await;
    scene.project(Projection::Runs).await;
    let parked = scene.only_parked().await;
    sqlx::query("update projector.checkpoints set version = version + 1")
        .execute(&scene.pool)
        .await
        .unwrap();

    let retried = retry(&scene.pool, Projection::Runs, parked.stream_id).await;
    assert!(matches!(retried, Err(ProjectorError::Newer { .. })), "{retried:?}");
    let dropped =
        drop_event(&scene.pool, Projection::Runs, parked.stream_id, Some(unreadable)).await;
    assert!(matches!(dropped, Err(ProjectorError::Newer { .. })), "{dropped:?}");
    let verified = verify(Projection::Runs, &scene.pool, 1, |_, _| {}).await;
    assert!(matches!(verified, Err(ProjectorError::Newer { .. })), "{verified:?}");
    assert_eq!(scene.only_parked().await, parked);
}

#[tokio::test]
async fn behind_a_dropped_event_another_may_be_stuck() {
    let (scene, owner) = (Scene::new().await, owner());
    let run = run_id();
    scene.tell(owner, vec![record(run, owner, ran(day(10), 8.0, 2_400))]).await;
    let first = scene.append_unreadable_to(run.0, "run", 2, owner).await;
    let second = scene.append_unreadable_to(run.0, "run", 3, owner).await;
    scene.project(Projection::Runs).await;
    assert_eq!(scene.only_parked().await.position, first);

    let dropped = drop_event(&scene.pool, Projection::Runs, run.0, None).await.unwrap().unwrap();

    assert!(
        matches!(dropped, Unparked::Stuck { events: 0, position, .. } if position == second),
        "{dropped:?}"
    );
    assert_eq!(scene.only_parked().await.position, second);
    scene.assert_equals_its_rebuild(Projection::Runs).await;
    assert_eq!(scene.only_parked_of("live").await.position, second);
}

#[tokio::test]
async fn a_row_that_does_not_fit_its_table_parks_its_stream_alone() {
    let (scene, owner) = (Scene::new().await, owner());
    sqlx::raw_sql("alter table runs add constraint short check (distance_m < 50000)")
        .execute(&scene.pool)
        .await
        .unwrap();
    let long = run_id();
    for number in 0..30 {
        let (run, km) = if number == 17 { (long, 60.0) } else { (run_id(), 5.0) };
        scene.tell(owner, vec![record(run, owner, ran(day(number), km, 9_000))]).await;
    }

    // One batch, in which the database refuses one row.
    scene.project(Projection::Runs).await;

    assert_eq!(scene.rows("runs").await.len(), 29);
    assert_eq!(scene.only_parked().await.stream_id, long.0);
    scene.assert_totals_add_up().await;
    sqlx::raw_sql("alter table runs drop constraint short").execute(&scene.pool).await.unwrap();
    let whole = retry(&scene.pool, Projection::Runs, long.0).await.unwrap();
    assert_eq!(whole, Some(Unparked::Whole { events: 1 }));
    scene.assert_totals_add_up().await;
    scene.assert_equals_its_rebuild(Projection::Runs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_does_not_fit_its_table_keeps_no_rebuild_from_its_end() {
    let (scene, owner) = (Scene::new().await, owner());
    sqlx::raw_sql("alter table runs add constraint short check (distance_m < 50000)")
        .execute(&scene.pool)
        .await
        .unwrap();
    // So few that all of them are folded while generations change places.
    for km in [5.0, 60.0, 7.0] {
        scene.tell(owner, vec![record(run_id(), owner, ran(day(9), km, 9_000))]).await;
    }
    scene.project(Projection::Runs).await;

    scene.rebuild(Projection::Runs).await;

    assert_eq!(scene.columns("runs", "distance_m").await, ["5000", "7000"]);
    assert_eq!(scene.only_parked_of("live").await.position, 2);
    scene.assert_totals_add_up().await;
    scene.assert_clean(Projection::Runs).await;
}

#[tokio::test]
async fn a_projector_that_starts_tries_parked_streams_again() {
    let (scene, owner) = (Scene::new().await, owner());
    let (plan, stays) = (plan_id(), plan_id());
    scene.tell(owner, vec![create(plan, owner)]).await;
    let renamed = scene.tell(owner, vec![rename(plan, "Autumn")]).await;
    scene.tell(owner, vec![create(stays, owner)]).await;
    let stuck = scene.tell(owner, vec![rename(stays, "Winter")]).await;
    scene.set_version_of(renamed, "7").await;
    scene.set_version_of(stuck, "7").await;
    scene.project(Projection::Plans).await;
    assert_eq!(scene.parked().await.len(), 2);

    // As if a newer program came.
    scene.set_version_of(renamed, "1").await;
    let mut plans = scene.follow(Projection::Plans);
    let last = scene.tell(owner, vec![rename(plan, "Summer")]).await;
    plans.reaches(last).await;
    eventually("the end", async || scene.parked().await.len() == 1).await;
    plans.stop().await;

    assert_eq!(scene.columns("plans", "name").await, ["Spring", "Summer"]);
    assert_eq!(scene.only_parked().await.stream_id, stays.0);
    scene.assert_clean(Projection::Plans).await;
}

#[tokio::test]
async fn a_rebuild_parks_what_it_cannot_read_too() {
    let (scene, owner) = (Scene::new().await, owner());
    let runs = [run_id(), run_id(), run_id()];
    for run in runs {
        scene.tell(owner, vec![record(run, owner, ran(day(10), 8.0, 2_400))]).await;
    }
    scene.project(Projection::Runs).await;
    scene.set_version_of(2, "7").await;

    scene.rebuild(Projection::Runs).await;
    assert_eq!(scene.rows("runs").await.len(), 2);
    assert_eq!(scene.only_parked_of("live").await.stream_id, runs[1].0);

    scene.tell(owner, vec![delete_run(runs[1])]).await;
    scene.tell(owner, vec![record(run_id(), owner, ran(day(11), 8.0, 2_400))]).await;
    scene.project(Projection::Runs).await;
    assert_eq!(scene.rows("runs").await.len(), 3);
    scene.assert_clean(Projection::Runs).await;
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
    pub(crate) async fn set_version_of(&self, position: i64, version: &str) {
        sqlx::query("update es.events set event_version = $2 where position = $1")
            .bind(position)
            .bind(version)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// An event of a type that this program does not know, as a newer one may have written it.
    pub(crate) async fn append_unreadable(&self, aggregate_type: &str, owner: OwnerId) -> i64 {
        self.append_unreadable_to(uuid::Uuid::new_v4(), aggregate_type, 1, owner).await
    }

    /// The same in the middle of a stream.
    async fn append_unreadable_to(
        &self,
        stream: uuid::Uuid,
        aggregate_type: &str,
        sequence: i64,
        owner: OwnerId,
    ) -> i64 {
        let mut transaction = self.pool.begin().await.unwrap();
        let position: i64 =
            sqlx::query_scalar("update es.head set position = position + 1 returning position")
                .fetch_one(&mut *transaction)
                .await
                .unwrap();
        sqlx::query(
            "insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                                    payload, metadata, owner_id, part, event_id, recorded_at)
             values ($1, $2, $3, $4, $2 || '.teleported', '7', '{}', '{}', $5, $6, gen_random_uuid(), now())",
        )
        .bind(position)
        .bind(aggregate_type)
        .bind(stream.to_string())
        .bind(sequence)
        .bind(owner.0)
        .bind(i16::from(domain::Part::of(owner).number()))
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        position
    }

    pub(crate) async fn parked(&self) -> Vec<ParkedStream> {
        parked_streams(&self.pool).await.unwrap()
    }

    pub(crate) async fn only_parked(&self) -> ParkedStream {
        let parked = self.parked().await;
        assert_eq!(parked.len(), 1, "{parked:?}");
        parked[0].clone()
    }

    async fn only_parked_of(&self, generation: &str) -> ParkedStream {
        let mut parked = self.parked().await;
        parked.retain(|stream| stream.generation == generation);
        assert_eq!(parked.len(), 1, "{parked:?}");
        parked[0].clone()
    }

    /// Fails unless the rows are what the events say.
    pub(crate) async fn assert_clean(&self, projection: Projection) {
        let verified = verify(projection, &self.pool, 5, |_, _| {}).await.unwrap();
        assert!(verified.is_clean(), "{verified:?}");
    }
}

fn distance(kilometres: f64) -> RunRevision {
    RunRevision { distance_m: Some(km(kilometres)), ..RunRevision::default() }
}

fn effort(level: i64) -> RunRevision {
    RunRevision {
        perceived_effort: Some(Some(domain::PerceivedEffort::from_level(level).unwrap())),
        ..RunRevision::default()
    }
}
