//! Removes what erased users have left behind: their events, their messages, their printed plans, and their rows in
//! older generations. The rows that queries read go by themselves, when the projectors come to the tombstone.
//!
//! An erasure that was begun is carried on until it is complete, through restarts and outages.

use std::time::Duration;

use async_nats::Client;
use event_store::{Erasure, Leadership, complete_erasure, remove_events_of, unfinished_erasures};
use metrics::counter;
use nats::{EraseError, erase_from_stream};
use pdf_storage::Files;
use projector::erase_from_others;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// How often it looks for somebody to erase.
const POLL: Duration = Duration::from_secs(1);

/// How long to wait after an error.
const RETRY: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Stream(#[from] EraseError),
    #[error(transparent)]
    Files(#[from] pdf_storage::EraseError),
    #[error("a projection is being rebuilt")]
    GenerationBeingBuilt,
}

/// Completes erasures until told to stop: one process at a time, the others stand by. Errors are
/// logged and tried again.
pub async fn run(pool: PgPool, client: Client, files: Files, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let led = tokio::select! {
            () = shutdown.cancelled() => return,
            led = lead(&pool, &client, &files) => led,
        };
        if let Err(error) = led {
            tracing::warn!(%error, "erasure interrupted, trying again");
            shutdown.run_until_cancelled(tokio::time::sleep(RETRY)).await;
        }
    }
}

async fn lead(pool: &PgPool, client: &Client, files: &Files) -> Result<(), WorkError> {
    let mut leadership = Leadership::wait_for("erasure", &pool.connect_options()).await?;
    loop {
        for erasure in unfinished_erasures(pool).await? {
            match erase(pool, client, files, &erasure).await {
                // The relay needs a moment more.
                Err(WorkError::Stream(EraseError::NotPublished(position))) => {
                    tracing::debug!(position, "erasure waits for its tombstone on the stream");
                }
                Err(WorkError::GenerationBeingBuilt) => {
                    tracing::debug!("erasure waits for the end of a rebuild");
                }
                erased => erased?,
            }
        }
        tokio::time::sleep(POLL).await;
        leadership.check().await?;
    }
}

/// Removes everything that lies before somebody's tombstone. Done again, it finds less to do.
async fn erase(
    pool: &PgPool,
    client: &Client,
    files: &Files,
    erasure: &Erasure,
) -> Result<(), WorkError> {
    let events = remove_events_of(pool, erasure).await?;
    if !erase_from_others(pool, erasure.owner).await? {
        return Err(WorkError::GenerationBeingBuilt);
    }
    let messages = erase_from_stream(client, erasure).await?;
    let pdfs = pdf_storage::erase(pool, files, erasure.owner).await?;
    complete_erasure(pool, erasure.owner).await?;
    counter!("trainer_erasures_total").increment(1);
    tracing::info!(user.id = %erasure.owner, events, messages, pdfs, "user erased");
    Ok(())
}
