//! Removes what erased users have left behind: their events, their messages, their printed plans, and their rows in
//! older generations. The rows that queries read go by themselves, when the projectors come to the tombstone.
//!
//! An erasure that was begun is carried on until it is complete, through restarts and outages.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::Client;
use event_store::{Erasure, Leadership, complete_erasure, remove_events_of, unfinished_erasures};
use metrics::counter;
use nats::{EraseError, erase_from_stream};
use pdf_storage::Files;
use projector::{erase_from_others, live_rows_show};
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
    #[error("the read models have not come to the tombstone")]
    NotProjected,
}

/// How far an erasure has come: what lies behind its tombstone is nobody's any more, so nothing comes after what is done.
#[derive(Default)]
struct Done {
    /// How many events are removed, when all are.
    events: Option<i64>,
    /// How many messages are removed, when all are.
    messages: Option<u64>,
    /// Whether no generation has rows of theirs.
    rows: bool,
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
    let mut under_way = HashMap::new();
    loop {
        for erasure in unfinished_erasures(pool).await? {
            let done = under_way.entry(erasure.owner).or_default();
            match erase(pool, client, files, &erasure, done).await {
                // The relay needs a moment more.
                Err(WorkError::Stream(EraseError::NotPublished(position))) => {
                    tracing::debug!(position, "erasure waits for its tombstone on the stream");
                }
                Err(WorkError::GenerationBeingBuilt) => {
                    tracing::debug!("erasure waits for the end of a rebuild");
                }
                Err(WorkError::NotProjected) => {
                    tracing::debug!("erasure waits for the read models");
                }
                erased => {
                    erased?;
                    under_way.remove(&erasure.owner);
                }
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
    done: &mut Done,
) -> Result<(), WorkError> {
    let events = match done.events {
        Some(events) => events,
        None => *done.events.insert(remove_events_of(pool, erasure).await?),
    };
    // What has to wait keeps nothing else waiting.
    let rows = erase_rows(pool, erasure, done).await;
    let messages = match done.messages {
        Some(messages) => messages,
        None => *done.messages.insert(erase_from_stream(client, erasure).await?),
    };
    let pdfs = pdf_storage::erase(pool, files, erasure.owner).await?;
    rows?;
    complete_erasure(pool, erasure.owner).await?;
    counter!("trainer_erasures_total").increment(1);
    tracing::info!(user.id = %erasure.owner, events, messages, pdfs, "user erased");
    Ok(())
}

/// Removes somebody's rows from the generations that are not live, once the live ones have come to the tombstone: those would
/// be among the older ones else, when others take their place.
async fn erase_rows(pool: &PgPool, erasure: &Erasure, done: &mut Done) -> Result<(), WorkError> {
    if done.rows {
        return Ok(());
    }
    if !live_rows_show(pool, erasure.owner, erasure.position).await? {
        return Err(WorkError::NotProjected);
    }
    if !erase_from_others(pool, erasure.owner).await? {
        return Err(WorkError::GenerationBeingBuilt);
    }
    done.rows = true;
    Ok(())
}
