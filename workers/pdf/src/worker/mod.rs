//! Renders what was asked for, one process at a time; the others stand by.
//!
//! A request becomes a job (`pdf.jobs`) in the commit that moves the worker's place in the log, so none is forgotten and
//! none is taken twice. A job stays until its export is settled by a command. Whoever is killed in the middle leaves it
//! there: the next leader begins it anew, stores the same bytes at the same place, and the export's stream takes the
//! first outcome only.

mod attempt;
mod clean_up;
mod desk;
mod expire;
mod intake;
mod jobs;
mod post;
mod printer;
mod upkeep;

use std::time::Duration;

use async_nats::Client;
use event_store::Leadership;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

pub use clean_up::{Cleaned, clean_up};
pub use printer::{MailWith, Pace, Printer, Render, render_with};

/// The name of the job that one process has.
const JOB: &str = "pdf";

/// How long to wait after an error.
const RETRY: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the log cannot be read: {0}")]
    Log(#[from] nats::SubscriptionError),
    #[error("another process has taken over")]
    Overtaken,
}

/// Renders until told to stop: one process at a time, the others stand by. Errors are logged and tried again.
pub async fn run(
    printer: Printer,
    client: Client,
    appended: Option<watch::Receiver<i64>>,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        let led = tokio::select! {
            () = shutdown.cancelled() => return,
            led = lead(&printer, &client, &appended) => led,
        };
        if let Err(error) = led {
            tracing::warn!(%error, "printing interrupted, trying again");
            shutdown.run_until_cancelled(tokio::time::sleep(RETRY)).await;
        }
    }
}

async fn lead(
    printer: &Printer,
    client: &Client,
    appended: &Option<watch::Receiver<i64>>,
) -> Result<(), WorkError> {
    let pool = printer.pool();
    let mut leadership = Leadership::wait_for(JOB, &pool.connect_options()).await?;
    // Whoever had begun them is gone.
    let interrupted = jobs::put_back_begun(pool, &printer.pace).await?;
    if interrupted > 0 {
        tracing::info!(jobs = interrupted, "exports begun by another process are begun anew");
    }
    let taken_in = Notify::new();
    // Each ends only by an error, and then all do.
    tokio::select! {
        ended = intake::follow(pool, client, appended, &taken_in) => ended,
        ended = desk::print(printer, &taken_in) => ended,
        ended = upkeep::look_after(printer) => ended,
        ended = stay(&mut leadership, printer.pace.poll) => ended,
    }
}

/// Looks again and again whether this process still leads.
async fn stay(leadership: &mut Leadership, interval: Duration) -> Result<(), WorkError> {
    loop {
        tokio::time::sleep(interval).await;
        leadership.check().await?;
    }
}
