use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// What operators' requests work with.
#[derive(Debug, Clone)]
pub struct OperationsState {
    /// Connections.
    pub pool: PgPool,
    /// Ends what goes on in the background. A rebuild goes on where it was when it is asked for again.
    pub shutdown: CancellationToken,
    /// How long a comparison or verification may take before it goes on behind its answer: less than proxies wait.
    pub answers_within: Duration,
}
