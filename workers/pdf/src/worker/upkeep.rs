use std::time::Duration;

use metrics::gauge;
use tokio::time::Instant;

use super::clean_up::{GRACE, clean_up};
use super::expire::expire;
use super::{Printer, WorkError, jobs};

/// Lets files expire and removes what nobody knows, for ever. A file store that is away stops nothing else.
pub(super) async fn look_after(printer: &Printer) -> Result<(), WorkError> {
    let mut clean_up_at = Instant::now() + first_clean_up(printer.pace.clean_up);
    loop {
        gauge!("trainer_exports_waiting").set(jobs::count(printer.pool()).await? as f64);
        expire(printer).await?;
        if clean_up_at <= Instant::now() {
            clean_up_at = Instant::now() + printer.pace.clean_up;
            match clean_up(printer.pool(), &printer.files, GRACE).await {
                Ok(cleaned) if cleaned.files + cleaned.torn + cleaned.logos > 0 => {
                    let (files, torn) = (cleaned.files, cleaned.torn);
                    tracing::info!(files, torn, logos = cleaned.logos, "removed what nobody knows");
                }
                Ok(_nothing) => {}
                Err(error) => tracing::warn!(%error, "files not looked through, trying again"),
            }
        }
        tokio::time::sleep(printer.pace.upkeep).await;
    }
}

/// Soon after a start, as it may have been a crash that was before it.
fn first_clean_up(interval: Duration) -> Duration {
    interval.min(Duration::from_secs(60))
}
