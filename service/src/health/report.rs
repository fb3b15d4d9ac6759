//! What a program says of how it is.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

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

impl IntoResponse for HealthReport {
    fn into_response(self) -> Response {
        let status = match self.status {
            HealthStatus::Ok | HealthStatus::Degraded => StatusCode::OK,
            HealthStatus::Down => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, [(header::CACHE_CONTROL, "no-store")], Json(self)).into_response()
    }
}
