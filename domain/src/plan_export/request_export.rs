use super::{ExportOptions, PlanExport, PlanExportError, PlanExportEvent, PlanExportRequested};
use crate::{ExportId, OwnerId, PlanId};

/// Asks for a PDF of a plan as it is now.
#[derive(Debug, Clone)]
pub struct RequestExport {
    /// The new export's id.
    pub pdf_id: ExportId,
    /// The plan, which is the owner's.
    pub plan_id: PlanId,
    /// Whose they are.
    pub owner_id: OwnerId,
    /// How it is printed.
    pub options: ExportOptions,
    /// Who gets it by mail.
    pub mail_to: Option<OwnerId>,
}

impl RequestExport {
    pub(super) fn decide(
        self,
        export: &PlanExport,
    ) -> Result<Vec<PlanExportEvent>, PlanExportError> {
        let Self { pdf_id, plan_id, owner_id, options, mail_to } = self;
        if export.body.is_some() {
            return Err(PlanExportError::AlreadyRequested);
        }
        Ok(vec![PlanExportEvent::Requested(PlanExportRequested {
            pdf_id,
            plan_id,
            owner_id,
            options,
            mail_to,
        })])
    }
}
