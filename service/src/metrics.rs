use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{StatusCode, header};
use metrics::{counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::MissedTickBehavior;

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";
const BUCKETS_S: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// How often recorded values are folded into buckets, so that they do not pile up when nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);

/// The figures of this process, as Prometheus reads them.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// The recorder of figures could not be put in place.
#[derive(Debug, Clone, thiserror::Error)]
#[error("metrics cannot be recorded: {0}")]
pub struct MetricsError(String);

impl Metrics {
    /// Begins to record the figures of this process; a second call answers the same.
    ///
    /// # Errors
    /// When another recorder is already in place.
    pub fn install() -> Result<Self, MetricsError> {
        static INSTALLED: OnceLock<Result<Metrics, MetricsError>> = OnceLock::new();
        INSTALLED.get_or_init(Self::install_once).clone()
    }

    fn install_once() -> Result<Self, MetricsError> {
        let handle = PrometheusBuilder::new()
            .set_buckets(&BUCKETS_S)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|cause| MetricsError(cause.to_string()))?;
        describe_counter!(REQUESTS, "Requests answered, by method, route and status.");
        describe_histogram!(
            DURATION,
            "Seconds from a request's head to its answer's, by method and route."
        );
        Ok(Self { handle })
    }

    /// Keeps the memory that figures take bounded; runs until it is dropped.
    pub async fn upkeep(self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }

    /// The figures as text.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// `GET /metrics`.
    pub fn router(&self) -> Router {
        let metrics = self.clone();
        let show = async move || {
            let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            (StatusCode::OK, content_type, metrics.render()).into_response()
        };
        Router::new().route("/metrics", get(show))
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

pub(crate) fn record_request(
    method: &'static str,
    route: &str,
    status: StatusCode,
    elapsed: Duration,
) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned())];
    histogram!(DURATION, &labels).record(elapsed);
    counter!(REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status.as_str().to_owned())
        .increment(1);
}
