use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tracing::warn;

use super::positions::Progress;
use super::wait::Known;

/// How long somebody waits before Postgres is asked, and how often it is asked then.
const PATIENCE: Duration = Duration::from_millis(20);
/// How often Postgres is asked when it does not answer.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(500);

pub(super) async fn run(known: Arc<Known>, pool: PgPool) {
    // Only the database knows which projections there are.
    while !poll(&known, &pool).await {
        tokio::time::sleep(PAUSE_AFTER_ERROR).await;
    }
    loop {
        if !known.lock().has_waiters() {
            known.waiting.notified().await;
        }
        tokio::time::sleep(PATIENCE).await;
        if known.lock().is_stuck(PATIENCE) && !poll(&known, &pool).await {
            tokio::time::sleep(PAUSE_AFTER_ERROR).await;
        }
    }
}

/// Whether Postgres answered.
async fn poll(known: &Known, pool: &PgPool) -> bool {
    match checkpoints(pool).await {
        Ok(read) => {
            known.change(|positions| positions.replace(read));
            true
        }
        Err(cause) => {
            warn!(%cause, "checkpoints not read");
            false
        }
    }
}

async fn checkpoints(pool: &PgPool) -> Result<Vec<Progress>, sqlx::Error> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select projection, parts, position from projector.checkpoints where generation = 'live'",
    )
    .fetch_all(pool)
    .await?;
    let progress = |(projection, parts, position): (String, i64, i64)| Progress {
        projection,
        parts: parts as u64,
        position: position.max(0) as u64,
    };
    Ok(rows.into_iter().map(progress).collect())
}
