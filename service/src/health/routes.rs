//! The paths that say how a program is.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;

use super::checks::HealthChecks;
use super::report::HealthReport;

impl HealthChecks {
    /// `GET /health`, `/health/live` and `/health/ready`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/health", get(health))
            .route("/health/live", get(live))
            .route("/health/ready", get(ready))
            .with_state(self.clone())
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
