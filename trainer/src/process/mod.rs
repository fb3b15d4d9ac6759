//! A process with some of the program's parts.

mod background;
mod states;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use auth::{LoginThrottle, MasterKey, Providers};
use axum::Router;
use event_store::{EventStore, StoreConfig};
use gateway::{Api, DoorSettings, Gateway, UpstreamAddress, Upstreams};
use service::{HealthChecks, Metrics, ReadModels, ServeOptions};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{ServerConfig, UpstreamConfig};
use crate::role::Role;

/// How long the last announcements may take to reach NATS at the end.
const FLUSHED_WITHIN: Duration = Duration::from_secs(1);

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
    /// Through whom people can sign in besides.
    pub(crate) providers: Providers,
    /// Whether whoever tries too many passwords has to wait.
    pub(crate) login_throttle: LoginThrottle,
    /// Ends everything.
    pub(crate) shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

/// Where and how a process is reached.
pub(crate) struct Listen {
    /// Address and port.
    pub(crate) address: (IpAddr, u16),
    /// Who may come in, and how often.
    pub(crate) door: DoorSettings,
    /// How connections are accepted.
    pub(crate) options: ServeOptions,
}

impl Process {
    /// Puts the shared parts together. The database must have been migrated.
    pub(crate) fn new(pool: PgPool, client: async_nats::Client) -> Self {
        let store = EventStore::new(pool.clone(), StoreConfig::default());
        let read_models = ReadModels::new(pool.clone());
        let shutdown = CancellationToken::new();
        let (providers, login_throttle) = (Providers::default(), LoginThrottle::default());
        Self {
            pool,
            client,
            store,
            read_models,
            providers,
            login_throttle,
            shutdown,
            tasks: JoinSet::new(),
        }
    }

    /// Starts roles, and serves their HTTP side as one; returns where it listens. Only auth, pdf and the worker need the
    /// master key.
    ///
    /// # Errors
    /// When the address is taken, or a role cannot start.
    pub(crate) async fn run(
        &mut self,
        roles: &[Role],
        config: &ServerConfig,
        master_key: Option<&MasterKey>,
        listen: Listen,
    ) -> anyhow::Result<SocketAddr> {
        let listener = listener(listen.address).await?;
        let (mut apis, mut publishes) = (Vec::new(), None);
        for role in roles {
            match role {
                Role::CommandApi => {
                    apis.push(command_api::router(self.command_state()).into());
                    self.tell_others_what_was_appended();
                }
                Role::QueryApi => apis.push(query_api::router(self.query_state()).into()),
                Role::Pdf => {
                    let master_key = master_key.context("pdf needs the master key")?;
                    let typesetter = config.printing.typesetter().await?;
                    let printer = self.printer(config, master_key, &typesetter)?;
                    apis.push(pdf::router(self.pdf_state(&printer, typesetter)).into());
                    // What this process appends is told once.
                    if !roles.contains(&Role::CommandApi) {
                        self.tell_others_what_was_appended();
                    }
                    self.print(printer);
                }
                Role::Auth => {
                    let master_key = master_key.context("auth needs the master key")?;
                    let state = auth::AuthState::start(self.pool.clone(), master_key).await?;
                    let settings = config.accounts.auth_settings(self.login_throttle)?;
                    let state = state.with_providers(self.providers.clone()).with(settings);
                    apis.push(auth::router(state).into());
                }
                Role::Projector => {
                    apis.push(operations::router(self.operations_state()).into());
                    self.project();
                }
                Role::Relay => publishes = Some(self.relay(config)),
                Role::Worker => {
                    let master_key = master_key.context("the worker needs the master key")?;
                    let accounts = &config.accounts;
                    let mails = accounts.mail_worker(&self.pool, master_key, &config.data_dir)?;
                    self.erase(config.printing.files(&config.data_dir)?);
                    self.tasks.spawn(mail::run(mails, self.shutdown.clone()));
                }
                Role::Gateway => bail!("a gateway passes everything on, and does nothing itself"),
            }
        }
        // Those whose answers may wait for the rows.
        if roles.iter().any(|role| matches!(role, Role::CommandApi | Role::QueryApi | Role::Pdf)) {
            self.hear_what_others_projected();
        }
        let name = if roles.len() == 1 { roles[0].name() } else { "trainer" };
        let health = self.health(name).with_relay(publishes);
        let router = self.public(apis, health, listen.door)?;
        self.serve(listener, router, listen.options)
    }

    /// Passes requests on to roles that are processes of their own; returns where it listens.
    ///
    /// # Errors
    /// When the address is taken.
    pub(crate) async fn run_gateway(
        &mut self,
        config: &UpstreamConfig,
        listen: Listen,
    ) -> anyhow::Result<SocketAddr> {
        let listener = listener(listen.address).await?;
        let behind = |role: Role, addresses: &[UpstreamAddress]| {
            Upstreams::new(role.name(), addresses.iter().cloned(), config.settings())
        };
        let command_api = behind(Role::CommandApi, &config.command_api_urls);
        let query_api = behind(Role::QueryApi, &config.query_api_urls);
        let pdf = behind(Role::Pdf, &config.pdf_urls);
        let auth = behind(Role::Auth, &config.auth_urls);
        let projector = behind(Role::Projector, &config.projector_urls);
        let [commands, queries, pdfs, accounts, operations] = self.documents();
        let apis = vec![
            command_api.api(commands),
            query_api.api(queries),
            pdf.api(pdfs),
            auth.api(accounts),
            projector.api(operations),
        ];
        let upstreams = [command_api, query_api, pdf, auth, projector];
        for upstreams in &upstreams {
            self.tasks.spawn(upstreams.clone().look_after(self.shutdown.clone()));
        }
        let health = self
            .health(Role::Gateway.name())
            .with_upstreams(move || upstreams.iter().flat_map(Upstreams::health).collect());
        // What clients spend at one gateway they have spent at all of them.
        let door = DoorSettings { limits_shared_in: Some(self.pool.clone()), ..listen.door };
        let router = self.public(apis, health, door)?;
        self.serve(listener, router, listen.options)
    }

    fn serve(
        &mut self,
        listener: TcpListener,
        router: Router,
        options: ServeOptions,
    ) -> anyhow::Result<SocketAddr> {
        let local = listener.local_addr()?;
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(service::serve_with(listener, router, shutdown, options));
        Ok(local)
    }

    fn public(
        &mut self,
        apis: Vec<Api>,
        health: HealthChecks,
        door: DoorSettings,
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
        let verifier = auth::verifier(self.pool.clone());
        Ok(Gateway { apis, verifier, health, metrics, door }.router())
    }

    fn health(&self, name: &'static str) -> HealthChecks {
        let nats = Some(self.client.clone());
        HealthChecks::new(name, env!("CARGO_PKG_VERSION"), self.pool.clone(), nats)
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

async fn listener(address: (IpAddr, u16)) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("port {} of {} cannot be listened on", address.1, address.0))
}
