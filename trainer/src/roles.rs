//! The parts of the program, and how each is run.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use auth::MasterKey;
use axum::Router;
use chrono::Utc;
use clap::ValueEnum;
use command_api::CommandState;
use event_store::{EventStore, StoreConfig};
use gateway::{Api, Gateway, RateLimits};
use nats::{Announcer, Relay};
use operations::OperationsState;
use projector::{OnProjected, Projection};
use query_api::{Calendar, QueryState};
use service::{HealthChecks, Metrics, ReadModels};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::ServerConfig;

/// How long the last announcements may take to reach NATS at the end.
const FLUSHED_WITHIN: Duration = Duration::from_secs(1);

/// A part of the program that may be a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Writes: commands in, events out.
    CommandApi,
    /// Reads: rows as JSON.
    QueryApi,
    /// Accounts and tokens.
    Auth,
    /// Events into rows.
    Projector,
    /// Events onto NATS.
    Relay,
    /// What is done in the background: completing erasures.
    Worker,
}

impl Role {
    /// Every role.
    pub(crate) const ALL: [Self; 6] =
        [Self::CommandApi, Self::QueryApi, Self::Auth, Self::Projector, Self::Relay, Self::Worker];

    fn name(self) -> &'static str {
        match self {
            Self::CommandApi => "command-api",
            Self::QueryApi => "query-api",
            Self::Auth => "auth",
            Self::Projector => "projector",
            Self::Relay => "relay",
            Self::Worker => "worker",
        }
    }

    /// Where it listens when it is alone.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::CommandApi => 8001,
            Self::Auth => 8004,
            Self::QueryApi => 8005,
            Self::Projector => 8006,
            Self::Relay => 8007,
            Self::Worker => 8008,
        }
    }
}

/// What the roles of one process share.
pub(crate) struct Process {
    /// Connections for queries.
    pub(crate) pool: PgPool,
    /// NATS.
    pub(crate) client: async_nats::Client,
    /// Where events are appended.
    pub(crate) store: EventStore,
    /// How far the read models have come.
    pub(crate) read_models: ReadModels,
    /// Ends everything.
    pub(crate) shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Process {
    /// Puts the shared parts together. The database must have been migrated.
    pub(crate) fn new(pool: PgPool, client: async_nats::Client) -> Self {
        let store = EventStore::new(pool.clone(), StoreConfig::default());
        let read_models = ReadModels::new(pool.clone());
        let shutdown = CancellationToken::new();
        Self { pool, client, store, read_models, shutdown, tasks: JoinSet::new() }
    }

    /// Starts roles, and serves their HTTP side as one; returns where it listens.
    ///
    /// # Errors
    /// When the address is taken, or a role cannot start.
    pub(crate) async fn run(
        &mut self,
        roles: &[Role],
        config: &ServerConfig,
        master_key: &MasterKey,
        address: (IpAddr, u16),
        rate_limits: RateLimits,
    ) -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("port {} of {} cannot be listened on", address.1, address.0)
        })?;
        let mut apis = Vec::new();
        for role in roles {
            match role {
                Role::CommandApi => {
                    apis.push(command_api::router(self.command_state()).into());
                    self.tell_others_what_was_appended();
                }
                Role::QueryApi => apis.push(query_api::router(self.query_state()).into()),
                Role::Auth => {
                    let state = auth::AuthState::start(self.pool.clone(), master_key).await?;
                    apis.push(auth::router(state).into());
                }
                Role::Projector => {
                    apis.push(operations::router(self.operations_state()).into());
                    self.project();
                }
                Role::Relay => self.relay(config),
                Role::Worker => self.work(),
            }
        }
        if !roles.contains(&Role::Projector) {
            self.hear_what_others_projected();
        }
        let name = if roles.len() == 1 { roles[0].name() } else { "trainer" };
        let router = self.public(apis, name, rate_limits)?;
        let local = listener.local_addr()?;
        self.tasks.spawn(service::serve(listener, router, self.shutdown.clone()));
        Ok(local)
    }

    /// What the command-api works with.
    pub(crate) fn command_state(&self) -> CommandState {
        CommandState {
            store: self.store.clone(),
            read_models: self.read_models.clone(),
            clock: Arc::new(Utc::now),
        }
    }

    /// What the query-api works with.
    pub(crate) fn query_state(&self) -> QueryState {
        QueryState {
            pool: self.pool.clone(),
            read_models: self.read_models.clone(),
            calendar: Calendar::Utc,
        }
    }

    /// What operators' requests work with.
    pub(crate) fn operations_state(&self) -> OperationsState {
        OperationsState { pool: self.pool.clone(), shutdown: self.shutdown.clone() }
    }

    fn public(
        &mut self,
        apis: Vec<Api>,
        name: &'static str,
        rate_limits: RateLimits,
    ) -> anyhow::Result<Router> {
        let metrics = Metrics::install()?;
        let upkeep = metrics.clone().upkeep();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = upkeep => {}
                () = shutdown.cancelled() => {}
            }
        });
        let health = HealthChecks::new(
            name,
            env!("CARGO_PKG_VERSION"),
            self.pool.clone(),
            Some(self.client.clone()),
        );
        let verifier = auth::verifier(self.pool.clone());
        Ok(Gateway { apis, verifier, health, metrics, rate_limits }.router())
    }

    fn project(&mut self) {
        let (on_projected, news) = self.announcing();
        for news in news {
            self.tasks.spawn(announce(
                news,
                Announcer::new(self.client.clone()),
                self.shutdown.clone(),
            ));
        }
        for projection in Projection::ALL {
            self.tasks.spawn(projector::follow(
                projection,
                self.pool.clone(),
                self.client.clone(),
                Some(self.store.appended()),
                Arc::clone(&on_projected),
                self.shutdown.clone(),
            ));
        }
    }

    /// Tells those who wait in this process at once, and those in others over NATS.
    fn announcing(&self) -> (OnProjected, Vec<News>) {
        let (senders, news): (Vec<_>, Vec<_>) = Projection::ALL
            .into_iter()
            .map(|projection| {
                let (sender, positions) = watch::channel(0_i64);
                ((projection, sender), News { projection, positions })
            })
            .unzip();
        let read_models = self.read_models.clone();
        let on_projected: OnProjected = Arc::new(move |projection, position| {
            read_models.announce(projection.name(), position.unsigned_abs());
            if let Some((_, sender)) =
                senders.iter().find(|(candidate, _)| *candidate == projection)
            {
                sender.send_replace(position);
            }
        });
        (on_projected, news)
    }

    fn relay(&mut self, config: &ServerConfig) {
        let relay = Relay::new(
            self.pool.clone(),
            self.client.clone(),
            config.stream(),
            Some(self.store.appended()),
        );
        self.tasks.spawn(relay.run(self.shutdown.clone()));
    }

    fn work(&mut self) {
        let (pool, client) = (self.pool.clone(), self.client.clone());
        self.tasks.spawn(erasure::run(pool, client, self.shutdown.clone()));
    }

    fn tell_others_what_was_appended(&mut self) {
        let announcer = Announcer::new(self.client.clone());
        let mut appended = self.store.appended();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            while let Some(Ok(())) = shutdown.run_until_cancelled(appended.changed()).await {
                let position = *appended.borrow_and_update();
                announcer.appended(position).await;
            }
        });
    }

    fn hear_what_others_projected(&mut self) {
        let (read_models, client, shutdown) =
            (self.read_models.clone(), self.client.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            if let Some(Err(error)) =
                shutdown.run_until_cancelled(read_models.follow_nats(client)).await
            {
                tracing::warn!(%error, "checkpoints are polled, not heard");
            }
        });
    }

    /// Ends everything in order and waits for it.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        while self.tasks.join_next().await.is_some() {}
        // While NATS is away a flush does not end.
        match tokio::time::timeout(FLUSHED_WITHIN, self.client.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "nats was away at the end"),
            Err(_elapsed) => tracing::debug!("nats was away at the end"),
        }
    }
}

/// How far a projection has come, for other processes.
struct News {
    projection: Projection,
    positions: watch::Receiver<i64>,
}

async fn announce(mut news: News, announcer: Announcer, shutdown: CancellationToken) {
    while let Some(Ok(())) = shutdown.run_until_cancelled(news.positions.changed()).await {
        let position = *news.positions.borrow_and_update();
        announcer.projected(news.projection.name(), position).await;
    }
}
