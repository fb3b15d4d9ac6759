//! A database of a test's own, with a store and projectors on it.

use std::sync::Arc;
use std::time::Duration;

use domain::OwnerId;
use embedded::testing;
use event_store::{CommandContext, EventStore, ExecuteError, StoreConfig, head};
use projector::{
    Checkpoint, Parts, Projection, RebuildFrom, Rebuilt, checkpoints, follow, rebuild,
};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::commands::{Refusal, Step, Steps};

/// Longer than anything takes here on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Scene {
    pub(crate) pool: PgPool,
    pub(crate) store: EventStore,
    /// To nobody: projections must do without NATS.
    client: async_nats::Client,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let url = testing::shared().database().await;
        let pool = PgPoolOptions::new().max_connections(10).connect(&url).await.unwrap();
        sqlx::migrate!("../migrations").run(&pool).await.unwrap();
        let store = EventStore::new(pool.clone(), StoreConfig::default());
        let client = nats::connect("nats://127.0.0.1:1", "test").await.unwrap();
        Self { pool, store, client }
    }

    /// Gives a command that must succeed; answers its position.
    pub(crate) async fn tell(&self, owner: OwnerId, steps: Vec<Step>) -> i64 {
        self.try_to_tell(owner, steps).await.unwrap()
    }

    /// Gives a command that the rules may refuse.
    pub(crate) async fn try_to_tell(
        &self,
        owner: OwnerId,
        steps: Vec<Step>,
    ) -> Result<i64, Refusal> {
        match self.store.execute(&CommandContext::new(owner, "test"), &Steps(steps)).await {
            Ok(executed) => Ok(executed.position),
            Err(ExecuteError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until somebody does, such as a rebuild before its exchange.
    pub(crate) async fn somebody_waits_for_a_table(&self) {
        eventually("somebody who waits for a table", async || {
            sqlx::query_scalar(
                "select exists (select from pg_locks join pg_database on pg_database.oid = pg_locks.database
                                 where datname = current_database() and not granted and locktype = 'relation')",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap()
        })
        .await;
    }

    pub(crate) async fn head(&self) -> i64 {
        head(&self.pool).await.unwrap()
    }

    /// Keeps a projection up to date, without NATS, in the process that appends.
    pub(crate) fn follow(&self, projection: Projection) -> Following {
        self.follow_with(projection, self.client.clone(), Some(self.store.appended()))
    }

    pub(crate) fn follow_with(
        &self,
        projection: Projection,
        client: async_nats::Client,
        appended: Option<watch::Receiver<i64>>,
    ) -> Following {
        let (sender, reached) = watch::channel((Parts::ALL, 0));
        let on_projected = Arc::new(move |said_of, parts, position| {
            assert_eq!(said_of, projection);
            sender.send_replace((parts, position));
        });
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(follow(
            projection,
            self.pool.clone(),
            client,
            appended,
            on_projected,
            shutdown.clone(),
        ));
        Following { reached, shutdown, task }
    }

    /// Projects everything there is, and stops.
    pub(crate) async fn project(&self, projection: Projection) {
        let mut following = self.follow(projection);
        following.reaches(self.head().await).await;
        following.stop().await;
    }

    /// What is there now is folded anew, all at once.
    pub(crate) async fn rebuild(&self, projection: Projection) -> Rebuilt {
        rebuild(projection, &self.pool, RebuildFrom::TheBeginning, &mut |_| {}).await.unwrap()
    }

    /// The checkpoint of a generation, if there is one.
    pub(crate) async fn checkpoint(&self, projection: Projection, generation: &str) -> Option<i64> {
        let checkpoints = checkpoints(&self.pool).await.unwrap();
        let found = checkpoints
            .iter()
            .find(|at| at.projection == projection.name() && at.generation == generation)?;
        Some(found.position)
    }

    /// The version of the code that made the live rows.
    pub(crate) async fn version(&self, projection: Projection) -> i32 {
        let checkpoints = checkpoints(&self.pool).await.unwrap();
        let is_live =
            |at: &&Checkpoint| at.projection == projection.name() && at.generation == "live";
        checkpoints.iter().find(is_live).unwrap().version
    }
}

/// A projection that is kept up to date.
pub(crate) struct Following {
    reached: watch::Receiver<(Parts, i64)>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Following {
    /// Waits until the rows of all parts show everything up to a position, by the work of this one.
    pub(crate) async fn reaches(&mut self, position: i64) {
        let there = |(parts, reached): &(Parts, i64)| *parts == Parts::ALL && *reached >= position;
        let reached = timeout(PATIENCE, self.reached.wait_for(there)).await.is_ok();
        assert!(reached, "{position} is not reached, only {:?}", *self.reached.borrow());
    }

    /// Waits until this one has so many parts.
    pub(crate) async fn has(&mut self, parts: u32) {
        let has = timeout(PATIENCE, self.reached.wait_for(|(has, _)| has.count() == parts));
        assert!(has.await.is_ok(), "not {parts} parts, but {:?}", *self.reached.borrow());
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what} did not come about");
        sleep(Duration::from_millis(5)).await;
    }
}
