//! A database and a NATS account of a test's own, with a store, relays and subscriptions between them.

use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, ServerAddr};
use domain::OwnerId;
use embedded::testing::{self, TestServers};
use event_store::{CommandContext, EventStore, RecordedEvent, StoreConfig, read_after};
use futures::future::join_all;
use nats::{Relay, StreamSettings, Subscription, connect};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::recording::Record;
use crate::stopped_clock::is_done_without_waiting;

/// Longer than anything takes here on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Who follows the stream gets an event within this time; who does not yet may do so the next time.
const ONE_ATTEMPT: Duration = Duration::from_secs(3);

pub(crate) struct Scene {
    pub(crate) pool: PgPool,
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    pub(crate) store: EventStore,
    pub(crate) nats_url: String,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let servers = testing::shared();
        Self::between(&servers.database().await, servers.nats_account()).await
    }

    /// The same, and the URL for those who may only read the events.
    pub(crate) async fn with_subscriber() -> (Self, String) {
        let servers = testing::shared();
        let (nats_url, subscriber_url) = servers.nats_account_with_subscriber();
        (Self::between(&servers.database().await, nats_url).await, subscriber_url)
    }

    /// On servers of the test's own, which it may stop.
    pub(crate) async fn on(servers: &TestServers) -> Self {
        Self::between(&servers.database().await, servers.nats_url()).await
    }

    /// On another nats-server.
    pub(crate) async fn over(nats_url: String) -> Self {
        Self::between(&testing::shared().database().await, nats_url).await
    }

    async fn between(database_url: &str, nats_url: String) -> Self {
        let pool = PgPoolOptions::new().max_connections(10).connect(database_url).await.unwrap();
        sqlx::migrate!("../migrations").run(&pool).await.unwrap();
        let client = connect(&nats_url, "test").await.unwrap();
        let store = EventStore::new(pool.clone(), StoreConfig::default());
        Self { jetstream: jetstream::new(client.clone()), pool, client, store, nats_url }
    }

    /// A connection of its own, as another process has.
    pub(crate) async fn another_client(&self) -> Client {
        connect(&self.nats_url, "test").await.unwrap()
    }

    /// Records runs of many runners, whose events are in many parts.
    pub(crate) async fn record(&self, runs: usize) {
        let owners: Vec<OwnerId> = (0..20).map(|number| OwnerId(Uuid::from_u128(number))).collect();
        let commands = (0..runs).map(|number| self.record_one(owners[number * 7 % owners.len()]));
        join_all(commands).await;
    }

    pub(crate) async fn record_one(&self, owner: OwnerId) {
        self.record_metres(owner, 8_000).await;
    }

    pub(crate) async fn record_metres(&self, owner: OwnerId, metres: u32) {
        let record = Record { owner, metres };
        self.store.execute(&CommandContext::new(owner, "test"), &record).await.unwrap();
    }

    pub(crate) async fn events(&self) -> Vec<RecordedEvent> {
        read_after(&self.pool, 0, i64::MAX).await.unwrap()
    }

    /// A relay in the process that appends.
    pub(crate) fn relay(&self) -> Running {
        self.relay_of(self.client.clone(), Some(self.store.appended()))
    }

    pub(crate) fn relay_of(
        &self,
        client: Client,
        appended: Option<watch::Receiver<i64>>,
    ) -> Running {
        let relay = Relay::new(self.pool.clone(), client, StreamSettings::default(), appended);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(relay.run(shutdown.clone()));
        Running { shutdown, task }
    }

    /// A subscription in another process than the one that appends: only NATS can tell it at once.
    pub(crate) fn subscribe(&self, position: i64) -> Received {
        self.subscribe_as(position, None)
    }

    pub(crate) fn subscribe_as(
        &self,
        position: i64,
        appended: Option<watch::Receiver<i64>>,
    ) -> Received {
        self.subscribe_over(self.client.clone(), position, appended)
    }

    pub(crate) fn subscribe_over(
        &self,
        client: Client,
        position: i64,
        appended: Option<watch::Receiver<i64>>,
    ) -> Received {
        let mut subscription = Subscription::new(self.pool.clone(), client, position, appended);
        let (sender, events) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            loop {
                for event in subscription.next_batch().await.unwrap() {
                    if sender.send(event).is_err() {
                        return;
                    }
                }
            }
        });
        Received { events, _task: AbortOnDrop(task) }
    }

    /// Waits until NATS brings what is recorded: with the clock stopped, nobody gets round to asking Postgres for it.
    pub(crate) async fn assert_told_by_nats(&self, received: &mut Received) {
        for _ in 0..10 {
            // Whoever comes back to NATS takes a moment for it, in which the clock must go.
            sleep(Duration::from_millis(500)).await;
            if self.is_told_by_nats(received).await {
                return;
            }
        }
        panic!("events come, but not by NATS");
    }

    /// Stops at the first event that NATS does not bring: enough of them would bring a new stream to where a consumer
    /// of the old one waits.
    async fn is_told_by_nats(&self, received: &mut Received) -> bool {
        for _ in 0..5 {
            let told = is_done_without_waiting(ONE_ATTEMPT, async {
                self.record(1).await;
                received.take(1).await;
            });
            if !told.await {
                return false;
            }
        }
        true
    }
}

/// A connection as those have who may only read the events.
pub(crate) async fn subscribers_client(url: &str) -> Client {
    let address: ServerAddr = url.parse().unwrap();
    let (user, password) = (address.username().unwrap(), address.password().unwrap());
    let options = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned());
    options.custom_inbox_prefix("_INBOX.subscriber").connect(address).await.unwrap()
}

/// Something that runs until it is stopped.
pub(crate) struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

/// What a subscription gives.
pub(crate) struct Received {
    events: mpsc::UnboundedReceiver<RecordedEvent>,
    _task: AbortOnDrop,
}

impl Received {
    /// The positions of the next events.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<i64> {
        let mut positions = Vec::new();
        while positions.len() < count {
            let Ok(event) = timeout(PATIENCE, self.events.recv()).await else {
                panic!("only {positions:?} came, not {count} events");
            };
            positions.push(event.unwrap().position);
        }
        positions
    }

    /// Fails when another event comes.
    pub(crate) async fn assert_nothing_more(&mut self) {
        // Longer than Postgres goes unasked.
        if let Ok(event) = timeout(Duration::from_millis(700), self.events.recv()).await {
            panic!("one more came: {:?}", event.unwrap());
        }
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what} did not come about");
        sleep(Duration::from_millis(20)).await;
    }
}
