use metrics::gauge;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::attempt::attempt;
use super::{Printer, WorkError, jobs};

/// Does what is due, so many at once, for ever.
pub(super) async fn print(printer: &Printer, taken_in: &Notify) -> Result<(), WorkError> {
    // Dropped with this, they go no further: whoever leads next begins them anew.
    let mut under_way: JoinSet<Result<(), WorkError>> = JoinSet::new();
    loop {
        while under_way.len() < printer.pace.at_once.get() {
            let Some(job) = jobs::begin(printer.pool()).await? else { break };
            let printer = printer.clone();
            under_way.spawn(async move { attempt(&printer, job).await });
        }
        gauge!("trainer_exports_under_way").set(under_way.len() as f64);
        tokio::select! {
            Some(ended) = under_way.join_next() => match ended {
                Ok(outcome) => outcome?,
                Err(panic) => {
                    tracing::error!(%panic, "an export has broken off");
                    // Nobody does it any more: begun anew by whoever leads next, which may be this process.
                    return Err(WorkError::Overtaken);
                }
            },
            () = taken_in.notified() => {}
            () = tokio::time::sleep(printer.pace.poll) => {}
        }
    }
}
