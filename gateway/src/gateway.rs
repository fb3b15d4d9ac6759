use axum::Router;
use service::{
    HealthChecks, Metrics, Problem, ProblemKind, Verifier, authenticated, enveloped, panics_caught,
};

use crate::browser_safety::safe_in_browsers;
use crate::document::{Api, document};
use crate::documents::documents;
use crate::limits::{Limits, RateLimits};

/// What stands behind the public door.
pub struct Gateway {
    /// The APIs. They may share a path, each with methods of its own.
    pub apis: Vec<Api>,
    /// Tells whom a request speaks for.
    pub verifier: Verifier,
    /// How the program is.
    pub health: HealthChecks,
    /// The program's figures.
    pub metrics: Metrics,
    /// How many requests a client may send.
    pub rate_limits: RateLimits,
}

impl Gateway {
    /// All of it as one router, to be served as it is.
    ///
    /// Must be called within a tokio runtime: forgetting clients that were not seen for long is a task.
    pub fn router(self) -> Router {
        let Self { apis, verifier, health, metrics, rate_limits } = self;
        let (api, openapi) = document(apis);
        // Caught within the limits and headers, so that the answer to a panic has them too; and what is behind no path
        // counts as a request to the API.
        let api = panics_caught(api.fallback(async || {
            Problem::new(ProblemKind::NotFound).detail("there is nothing at this path")
        }));
        let open = panics_caught(health.router().merge(metrics.router()).merge(documents(openapi)));
        let (api, open) = match rate_limits {
            RateLimits::Off => (api, open),
            RateLimits::PerMinute(quotas) => {
                let limits = Limits::new(quotas);
                (limits.limited(api), limits.counted(open))
            }
        };
        enveloped(safe_in_browsers(authenticated(api.merge(open), verifier)))
    }
}
