use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State as NatsState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::watch;
use tracing::warn;
use utoipa::ToSchema;

/// How long the database may take to answer before it counts as out of reach.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a mail may wait before something is wrong.
const LATE_MAIL_S: f64 = 15.0 * 60.0;

/// How a program is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HealthReport {
    /// Whether it can serve.
    pub status: HealthStatus,
    /// Which program it is.
    #[schema(example = "running-trainer")]
    pub service: &'static str,
    /// Its version.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// Postgres, without which it serves nothing.
    pub database: DatabaseHealth,
    /// NATS, without which everything is only slower.
    pub nats: NatsHealth,
    /// How far the read models are behind the events.
    pub projections: Vec<ProjectionLag>,
    /// The processes behind a gateway that is one of its own; of others, none.
    pub upstreams: Vec<UpstreamHealth>,
    /// How mail gets on; nothing when the database does not say.
    pub mail: Option<MailHealth>,
}

/// How mail gets on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MailHealth {
    /// How many mails are to be sent.
    pub waiting: i64,
    /// How long the oldest of them has been waiting; 0 when there is none.
    pub waiting_seconds: f64,
    /// How many were given up in the last 30 days.
    pub given_up: i64,
}

/// How a process is that a gateway passes requests on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UpstreamHealth {
    /// What it answers for.
    #[schema(example = "query-api")]
    pub role: &'static str,
    /// Where it listens.
    #[schema(example = "10.0.0.7:8005")]
    pub address: String,
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// Whether it says that it can serve.
    pub ready: bool,
    /// Requests it has not answered yet.
    pub requests_under_way: usize,
}

/// Whether a process is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// It is: it answers.
    Closed,
    /// It is left alone: it does not answer.
    Open,
    /// One request finds out whether it answers again.
    HalfOpen,
}

/// Whether a program can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// All is well.
    Ok,
    /// It serves, but something is missing.
    Degraded,
    /// It cannot serve.
    Down,
}

/// How the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseHealth {
    /// It answers.
    Connected,
    /// It answers, but its tables are not those of this version: `trainer migrate` brings them there.
    NotMigrated,
    /// It does not answer.
    Unreachable,
}

/// How NATS is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NatsHealth {
    /// There is a connection.
    Connected,
    /// There is one, but events cannot be published; it is tried again. Only a program that publishes them knows.
    Unusable,
    /// There is none; it is tried again.
    Disconnected,
    /// This program does without.
    NotUsed,
}

/// How far one read model is behind the events.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProjectionLag {
    /// Its name.
    #[schema(example = "plans")]
    pub name: String,
    /// The position up to which it shows everything.
    pub position: i64,
    /// How many events it does not show yet.
    pub lag_events: i64,
    /// How old the first of them is; 0 when there is none.
    pub lag_seconds: f64,
    /// How many plans or runs it does not show as they are, because one of their events cannot be applied.
    pub parked_streams: i64,
}

/// What a program asks to know how it is, and the paths that say so.
#[derive(Clone)]
pub struct HealthChecks {
    service: &'static str,
    version: &'static str,
    database: PgPool,
    nats: Option<Client>,
    publishes: Option<watch::Receiver<bool>>,
    upstreams: Option<Arc<Upstreams>>,
}

type Upstreams = dyn Fn() -> Vec<UpstreamHealth> + Send + Sync;

impl HealthChecks {
    /// Of the program with this name and version.
    #[must_use]
    pub fn new(
        service: &'static str,
        version: &'static str,
        database: PgPool,
        nats: Option<Client>,
    ) -> Self {
        Self { service, version, database, nats, publishes: None, upstreams: None }
    }

    /// The same, which also says whether events can be published.
    #[must_use]
    pub fn with_relay(self, publishes: Option<watch::Receiver<bool>>) -> Self {
        Self { publishes, ..self }
    }

    /// The same, which also asks how the processes are that requests are passed on to.
    #[must_use]
    pub fn with_upstreams(
        self,
        upstreams: impl Fn() -> Vec<UpstreamHealth> + Send + Sync + 'static,
    ) -> Self {
        Self { upstreams: Some(Arc::new(upstreams)), ..self }
    }

    /// `GET /health`, `/health/live` and `/health/ready`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/health", get(health))
            .route("/health/live", get(live))
            .route("/health/ready", get(ready))
            .with_state(self.clone())
    }

    /// How the program is now.
    pub async fn report(&self) -> HealthReport {
        let asked = async { Ok((self.projections().await?, Some(self.mail().await?))) };
        let (database, (projections, mail)) =
            match tokio::time::timeout(DATABASE_TIMEOUT, asked).await {
                Ok(Ok(found)) => (DatabaseHealth::Connected, found),
                // Undefined table or schema.
                Ok(Err(sqlx::Error::Database(cause)))
                    if matches!(cause.code().as_deref(), Some("42P01" | "3F000")) =>
                {
                    (DatabaseHealth::NotMigrated, (vec![], None))
                }
                Ok(Err(cause)) => {
                    warn!(%cause, "database not healthy");
                    (DatabaseHealth::Unreachable, (vec![], None))
                }
                Err(_) => (DatabaseHealth::Unreachable, (vec![], None)),
            };
        let nats = self.nats_health();
        let upstreams = self.upstreams.as_ref().map_or_else(Vec::new, |upstreams| upstreams());
        let answers = |upstream: &UpstreamHealth| upstream.breaker == BreakerState::Closed;
        let nobody_answers = !upstreams.is_empty() && !upstreams.iter().any(answers);
        let something_missing = !upstreams.iter().all(answers)
            || projections.iter().any(|projection| projection.parked_streams > 0)
            || mail.as_ref().is_some_and(|mail| mail.waiting_seconds > LATE_MAIL_S);
        let status = match (database, nats) {
            (DatabaseHealth::Unreachable | DatabaseHealth::NotMigrated, _) => HealthStatus::Down,
            (DatabaseHealth::Connected, _) if nobody_answers => HealthStatus::Down,
            (DatabaseHealth::Connected, NatsHealth::Disconnected | NatsHealth::Unusable) => {
                HealthStatus::Degraded
            }
            (DatabaseHealth::Connected, NatsHealth::Connected | NatsHealth::NotUsed)
                if something_missing =>
            {
                HealthStatus::Degraded
            }
            (DatabaseHealth::Connected, NatsHealth::Connected | NatsHealth::NotUsed) => {
                HealthStatus::Ok
            }
        };
        HealthReport {
            status,
            service: self.service,
            version: self.version,
            database,
            nats,
            projections,
            upstreams,
            mail,
        }
    }

    fn nats_health(&self) -> NatsHealth {
        let publishes = self.publishes.as_ref().is_none_or(|publishes| *publishes.borrow());
        match self.nats.as_ref().map(Client::connection_state) {
            None => NatsHealth::NotUsed,
            Some(NatsState::Connected) if publishes => NatsHealth::Connected,
            Some(NatsState::Connected) => NatsHealth::Unusable,
            Some(NatsState::Pending | NatsState::Disconnected) => NatsHealth::Disconnected,
        }
    }

    async fn mail(&self) -> Result<MailHealth, sqlx::Error> {
        let (waiting, waiting_seconds, given_up) = sqlx::query_as(
            "select count(*) filter (where failed_at is null),
                    coalesce(extract(epoch from now() - min(queued_at) filter (where failed_at is null)), 0)::float8,
                    count(*) filter (where failed_at is not null)
               from mail.queue
              where sent_at is null",
        )
        .fetch_one(&self.database)
        .await?;
        Ok(MailHealth { waiting, waiting_seconds, given_up })
    }

    async fn projections(&self) -> Result<Vec<ProjectionLag>, sqlx::Error> {
        type Row = (String, i64, i64, Option<DateTime<Utc>>, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "select c.projection, c.position, h.position,
                    (select e.recorded_at from es.events e where e.position > c.position order by e.position limit 1),
                    (select count(*) from projector.parked_streams p
                      where p.projection = c.projection and p.generation = 'live')
               -- Of a projection whose work is divided, what is furthest behind.
               from (select projection, min(position) as position from projector.checkpoints
                      where generation = 'live' group by projection) c
              cross join es.head h
              order by c.projection",
        )
        .fetch_all(&self.database)
        .await?;
        let now = Utc::now();
        Ok(rows
            .into_iter()
            .map(|(name, position, head, first_missing, parked_streams)| ProjectionLag {
                name,
                position,
                lag_events: (head - position).max(0),
                lag_seconds: first_missing.map_or(0.0, |recorded| {
                    (now - recorded).num_milliseconds().max(0) as f64 / 1000.0
                }),
                parked_streams,
            })
            .collect())
    }
}

impl std::fmt::Debug for HealthChecks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HealthChecks").field("service", &self.service).finish_non_exhaustive()
    }
}

impl IntoResponse for HealthReport {
    fn into_response(self) -> Response {
        let status = match self.status {
            HealthStatus::Ok | HealthStatus::Degraded => StatusCode::OK,
            HealthStatus::Down => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, [(header::CACHE_CONTROL, "no-store")], Json(self)).into_response()
    }
}

/// How this program is
#[utoipa::path(
    get,
    path = "/health",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "It serves", body = HealthReport),
        (status = 503, description = "It cannot serve", body = HealthReport),
    ),
)]
async fn health(State(checks): State<HealthChecks>) -> HealthReport {
    checks.report().await
}

/// Whether the process runs
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = 204, description = "It runs")))]
async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Whether it can serve
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "It serves", body = HealthReport),
        (status = 503, description = "It cannot serve", body = HealthReport),
    ),
)]
async fn ready(State(checks): State<HealthChecks>) -> HealthReport {
    checks.report().await
}

/// The health paths in the API document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(health, live, ready), components(schemas(HealthReport)))]
pub struct HealthApi;
