//! The parts of the program, and how each is run.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use auth::{LoginThrottle, MasterKey, Providers};
use axum::Router;
use chrono::Utc;
use clap::ValueEnum;
use command_api::CommandState;
use event_store::{EventStore, StoreConfig};
use gateway::{Api, DoorSettings, Gateway, UpstreamAddress, Upstreams};
use nats::{Announcer, Relay};
use operations::OperationsState;
use pdf::{MailWith, Pace, PdfState, Printer};
use pdf_storage::Files;
use projector::{OnProjected, Parts, Projection};
use query_api::{Calendar, QueryState};
use service::{HealthChecks, Metrics, ReadModels, ServeOptions};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use typesetting::Typesetter;
use utoipa::openapi::OpenApi;

use crate::config::{ServerConfig, UpstreamConfig};

/// How long the last announcements may take to reach NATS at the end.
const FLUSHED_WITHIN: Duration = Duration::from_secs(1);

/// A part of the program that may be a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// The public door: passes requests on to the others.
    Gateway,
    /// Writes: commands in, events out.
    CommandApi,
    /// Reads: rows as JSON.
    QueryApi,
    /// PDFs of plans: asked for, rendered, fetched.
    Pdf,
    /// Accounts and tokens.
    Auth,
    /// Events into rows.
    Projector,
    /// Events onto NATS.
    Relay,
    /// What is done in the background: completing erasures, sending mails.
    Worker,
}

impl Role {
    /// Everything that one process does when there is only one. Its door is its own, and no role.
    pub(crate) const ALL: [Self; 7] = [
        Self::CommandApi,
        Self::QueryApi,
        Self::Pdf,
        Self::Auth,
        Self::Projector,
        Self::Relay,
        Self::Worker,
    ];

    /// Its name, as `serve` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::CommandApi => "command-api",
            Self::QueryApi => "query-api",
            Self::Pdf => "pdf",
            Self::Auth => "auth",
            Self::Projector => "projector",
            Self::Relay => "relay",
            Self::Worker => "worker",
        }
    }

    /// Where it listens when it is alone.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Gateway => 8000,
            Self::CommandApi => 8001,
            Self::Pdf => 8002,
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
        self.hear_what_others_projected();
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

    /// What each API says of itself, for which nothing has to run: commands, queries, PDFs, accounts,
    /// operations.
    pub(crate) fn documents(&self) -> [OpenApi; 5] {
        [
            command_api::router(self.command_state()).into_openapi(),
            query_api::router(self.query_state()).into_openapi(),
            pdf::openapi_document(),
            auth::document(),
            operations::router(self.operations_state()).into_openapi(),
        ]
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
                let (sender, reached) = watch::channel((Parts::ALL, 0_i64));
                ((projection, sender), News { projection, reached })
            })
            .unzip();
        let read_models = self.read_models.clone();
        let on_projected: OnProjected = Arc::new(move |projection, parts, position| {
            read_models.announce(projection.name(), parts.bits() as u64, position.unsigned_abs());
            if let Some((_, sender)) =
                senders.iter().find(|(candidate, _)| *candidate == projection)
            {
                sender.send_replace((parts, position));
            }
        });
        (on_projected, news)
    }

    /// Answers whether events can be published.
    fn relay(&mut self, config: &ServerConfig) -> watch::Receiver<bool> {
        let relay = Relay::new(
            self.pool.clone(),
            self.client.clone(),
            config.stream(),
            Some(self.store.appended()),
        );
        let publishes = relay.publishes();
        self.tasks.spawn(relay.run(self.shutdown.clone()));
        publishes
    }

    fn erase(&mut self, files: Files) {
        let (pool, client) = (self.pool.clone(), self.client.clone());
        self.tasks.spawn(erasure::run(pool, client, files, self.shutdown.clone()));
    }

    fn printer(
        &self,
        config: &ServerConfig,
        master_key: &MasterKey,
        typesetter: &Arc<Typesetter>,
    ) -> anyhow::Result<Printer> {
        Ok(Printer {
            store: self.store.clone(),
            files: config.printing.files(&config.data_dir)?,
            render: pdf::render_with(Arc::clone(typesetter)),
            mail: MailWith { key: master_key.mail_key() },
            public_url: config.accounts.public_address()?,
            kept_for: config.printing.kept_for()?,
            pace: Pace::default(),
        })
    }

    fn pdf_state(&self, printer: &Printer, typesetter: Arc<Typesetter>) -> PdfState {
        PdfState {
            commands: self.command_state(),
            pool: self.pool.clone(),
            files: printer.files.clone(),
            typesetter,
        }
    }

    fn print(&mut self, printer: Printer) {
        let (client, shutdown) = (self.client.clone(), self.shutdown.clone());
        let appended = Some(self.store.appended());
        self.tasks.spawn(pdf::run(printer, client, appended, shutdown));
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

async fn listener(address: (IpAddr, u16)) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("port {} of {} cannot be listened on", address.1, address.0))
}

/// How far a projection has come, for other processes.
struct News {
    projection: Projection,
    reached: watch::Receiver<(Parts, i64)>,
}

async fn announce(mut news: News, announcer: Announcer, shutdown: CancellationToken) {
    while let Some(Ok(())) = shutdown.run_until_cancelled(news.reached.changed()).await {
        let (parts, position) = *news.reached.borrow_and_update();
        announcer.projected(news.projection.name(), parts.bits() as u64, position).await;
    }
}
