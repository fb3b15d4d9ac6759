use axum::Router;
use service::{
    AccessLog, HealthChecks, Metrics, Problem, ProblemKind, TrustedProxies, Verifier,
    authenticated, behind_proxies, enveloped_with, panics_caught,
};
use sqlx::PgPool;

use crate::document::{Api, document};
use crate::documents::documents;
use crate::guards::{guarded, with_answer_headers};
use crate::limits::{Limits, RateLimits};
use crate::origins::AllowedOrigins;
use crate::retirement::with_retirements;

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
    /// Who may come in, and how often.
    pub door: DoorSettings,
}

/// Who may come in, and how often.
#[derive(Debug, Clone, Default)]
pub struct DoorSettings {
    /// How many requests a client may send.
    pub rate_limits: RateLimits,
    /// Where several gateways share what clients have spent; without, each counts for itself.
    pub limits_shared_in: Option<PgPool>,
    /// Whose word is taken for where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// Whose pages may ask from a browser.
    pub allowed_origins: AllowedOrigins,
    /// Where a line is written for each request.
    pub access_log: AccessLog,
}

impl Gateway {
    /// All of it as one router, to be served as it is.
    ///
    /// Must be called within a tokio runtime: forgetting clients that were not seen for long is a task.
    pub fn router(self) -> Router {
        let Self { apis, verifier, health, metrics, door } = self;
        let DoorSettings {
            rate_limits,
            limits_shared_in,
            trusted_proxies,
            allowed_origins,
            access_log,
        } = door;
        let (api, openapi) = document(apis);
        // Panics are caught within the limits and headers, so that the answer to one has them too; and what is behind no path
        // counts as a request to the API.
        let api = with_retirements(api, &openapi).fallback(async || {
            Problem::new(ProblemKind::NotFound).detail("there is nothing at this path")
        });
        let open = panics_caught(health.router().merge(metrics.router()).merge(documents(openapi)));
        let (api, open) = match rate_limits {
            RateLimits::Off => (guarded(api), open),
            RateLimits::PerMinute(quotas) => {
                let limits = Limits::new(quotas, limits_shared_in);
                (limits.limited(api), limits.counted(open))
            }
        };
        let all = authenticated(api.merge(open), verifier);
        let all = allowed_origins.allowed(with_answer_headers(all));
        // Outermost: everything within, and first of all the limits, goes by the address it finds.
        enveloped_with(behind_proxies(all, trusted_proxies), access_log)
    }
}
