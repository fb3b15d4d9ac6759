//! How a program is, and how it says so.

mod checks;
mod report;
mod routes;

pub use self::checks::HealthChecks;
pub use self::report::{
    BreakerState, DatabaseHealth, HealthReport, HealthStatus, MailHealth, NatsHealth,
    ProjectionLag, UpstreamHealth,
};
pub use self::routes::HealthApi;
