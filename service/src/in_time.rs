use std::time::Duration;

use tracing::warn;

use crate::Problem;

/// How long a client is kept waiting by a database that has stopped answering: longer than it waits for a connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a client is asked to wait then.
const RETRY_AFTER_S: u64 = 5;

/// What comes of work that asks the database, so long as it comes in time. Work that takes longer is dropped.
///
/// # Errors
/// 503 when it does not.
pub async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, Problem> {
    within(PATIENCE, work).await
}

async fn within<T>(patience: Duration, work: impl Future<Output = T>) -> Result<T, Problem> {
    tokio::time::timeout(patience, work).await.map_err(|_| {
        warn!("request not answered in time");
        Problem::unavailable(RETRY_AFTER_S)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProblemKind;

    #[tokio::test]
    async fn who_would_wait_for_ever_is_asked_to_come_again() {
        assert_eq!(in_time(async { 7 }).await, Ok(7));
        let for_ever = std::future::pending::<()>();
        let refused = within(Duration::from_millis(10), for_ever).await.expect_err("refused");
        assert_eq!(refused.kind(), ProblemKind::Unavailable);
    }
}
