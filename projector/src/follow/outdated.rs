use std::time::Duration;

use sqlx::PgPool;
use tokio::time::Instant;

use crate::checkpoint::{Generation, version_of};
use crate::{Projection, ProjectorError, RebuildFrom, RebuildProgress, Rebuilt, rebuild};

/// How long to wait before an interrupted rebuild is taken up again.
const RETRY: Duration = Duration::from_secs(5);

/// How often a rebuild says how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

/// Builds rows anew that older code has made; they serve until then.
pub(super) async fn rebuild_outdated(projection: Projection, pool: PgPool) {
    tracing::info!(projection = projection.name(), "rows of an older version are built anew");
    let mut said_at = Instant::now();
    loop {
        let mut say = |progress: RebuildProgress| {
            if said_at.elapsed() > PROGRESS {
                said_at = Instant::now();
                tracing::info!(
                    projection = projection.name(),
                    position = progress.position,
                    head = progress.head,
                    "rebuild goes on"
                );
            }
        };
        match is_outdated(projection, &pool).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::debug!(projection = projection.name(), %error, "version not read");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        }
        let rebuilt = rebuild(projection, &pool, RebuildFrom::WhereItStopped, &mut say);
        match rebuilt.await {
            Ok(rebuilt) => {
                let Rebuilt { events, elapsed, rested } = rebuilt;
                tracing::info!(
                    projection = projection.name(),
                    events,
                    ?elapsed,
                    ?rested,
                    "rebuild done"
                );
                return;
            }
            // Somebody else is at it.
            Err(ProjectorError::Busy { .. }) => {}
            Err(error) => {
                tracing::error!(projection = projection.name(), %error, "rebuild interrupted, trying again");
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Whether the rows are still those of an older version: another projector may have built them anew.
async fn is_outdated(projection: Projection, pool: &PgPool) -> sqlx::Result<bool> {
    let version = version_of(pool, projection, Generation::Live).await?;
    Ok(version.is_some_and(|version| version < projection.version()))
}
