use domain::plan_export::{PlanExport, PlanExportCommand, PlanExportError};
use domain::{Decider, ExportId};
use event_store::{Refused, Transaction, Work};

use super::Refusal;
use super::refusal::Stop;

/// Says what has become of an export of the owner's: rendered, given up, mailed, or kept no longer.
#[derive(Debug, Clone)]
pub struct SettleExport {
    /// The export.
    pub pdf_id: ExportId,
    /// What has become of it.
    pub command: PlanExportCommand,
}

impl Transaction for SettleExport {
    /// How it is now.
    type Output = PlanExport;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<PlanExport, Refused<Refusal>> {
        Ok(self.settle(work).await?)
    }
}

impl SettleExport {
    async fn settle(&self, work: &mut Work<'_>) -> Result<PlanExport, Stop> {
        let mut export = work.load::<PlanExport>(self.pdf_id.0).await?;
        if export.state.owner() != Some(work.owner()) {
            return Err(PlanExportError::NotFound.into());
        }
        work.decide::<_, Stop>(&mut export, self.command.clone())?;
        Ok(export.state.as_ref().clone())
    }
}
