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
use tracing::warn;
use utoipa::ToSchema;

/// How long the database may take to answer before it counts as out of reach.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

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
#[derive(Debug, Clone)]
pub struct HealthChecks {
    service: &'static str,
    version: &'static str,
    database: PgPool,
    nats: Option<Client>,
}

impl HealthChecks {
    /// Of the program with this name and version.
    #[must_use]
    pub fn new(
        service: &'static str,
        version: &'static str,
        database: PgPool,
        nats: Option<Client>,
    ) -> Self {
        Self { service, version, database, nats }
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
        let lags = tokio::time::timeout(DATABASE_TIMEOUT, self.projections()).await;
        let (database, projections) = match lags {
            Ok(Ok(projections)) => (DatabaseHealth::Connected, projections),
            // Undefined table or schema.
            Ok(Err(sqlx::Error::Database(cause)))
                if matches!(cause.code().as_deref(), Some("42P01" | "3F000")) =>
            {
                (DatabaseHealth::NotMigrated, vec![])
            }
            Ok(Err(cause)) => {
                warn!(%cause, "database not healthy");
                (DatabaseHealth::Unreachable, vec![])
            }
            Err(_) => (DatabaseHealth::Unreachable, vec![]),
        };
        let nats = match self.nats.as_ref().map(Client::connection_state) {
            None => NatsHealth::NotUsed,
            Some(NatsState::Connected) => NatsHealth::Connected,
            Some(NatsState::Pending | NatsState::Disconnected) => NatsHealth::Disconnected,
        };
        let parked = projections.iter().any(|projection| projection.parked_streams > 0);
        let status = match (database, nats) {
            (DatabaseHealth::Unreachable | DatabaseHealth::NotMigrated, _) => HealthStatus::Down,
            (DatabaseHealth::Connected, NatsHealth::Disconnected) => HealthStatus::Degraded,
            (DatabaseHealth::Connected, NatsHealth::Connected | NatsHealth::NotUsed) if parked => {
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
        }
    }

    async fn projections(&self) -> Result<Vec<ProjectionLag>, sqlx::Error> {
        type Row = (String, i64, i64, Option<DateTime<Utc>>, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "select c.projection, c.position, h.position,
                    (select e.recorded_at from es.events e where e.position > c.position order by e.position limit 1),
                    (select count(*) from projector.parked_streams p
                      where p.projection = c.projection and p.generation = c.generation)
               from projector.checkpoints c
              cross join es.head h
              where c.generation = 'live'
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
