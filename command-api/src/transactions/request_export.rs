use domain::plan::{Plan, PlanError};
use domain::plan_export::{self, ExportOptions, PlanExport, PlanExportCommand};
use domain::{Decider, ExportId, OwnerId, PlanId};
use event_store::{Refused, Transaction, Work};

use super::Refusal;
use super::refusal::Stop;

/// Asks for a PDF of a plan of the caller's, as the plan is now. Answers the PDF's id.
#[derive(Debug, Clone)]
pub struct RequestExport {
    /// The new export's id.
    pub pdf_id: ExportId,
    /// The plan.
    pub plan_id: PlanId,
    /// How it is printed.
    pub options: ExportOptions,
    /// Who gets it by mail.
    pub mail_to: Option<OwnerId>,
}

impl Transaction for RequestExport {
    type Output = ExportId;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<ExportId, Refused<Refusal>> {
        Ok(self.request(work).await?)
    }
}

impl RequestExport {
    async fn request(&self, work: &mut Work<'_>) -> Result<ExportId, Stop> {
        let Self { pdf_id, plan_id, options, mail_to } = self.clone();
        // It is not changed: nobody has to wait in line for it.
        let plan = work.peek::<Plan>(plan_id.0).await?;
        if plan.state.owner() != Some(work.owner()) {
            return Err(PlanError::NotFound.into());
        }
        let owner_id = work.owner();
        let command = plan_export::RequestExport { pdf_id, plan_id, owner_id, options, mail_to };
        let mut export = work.begin::<PlanExport>(pdf_id.0);
        work.decide::<_, Stop>(&mut export, PlanExportCommand::Request(command))?;
        Ok(pdf_id)
    }
}
