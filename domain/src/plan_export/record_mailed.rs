use super::{ExportState, PlanExport, PlanExportError, PlanExportEvent, PlanExportMailed};

/// Says that an export is in the mail. Said again, it is nothing new.
#[derive(Debug, Clone)]
pub struct RecordMailed;

impl RecordMailed {
    pub(super) fn decide(
        self,
        export: &PlanExport,
    ) -> Result<Vec<PlanExportEvent>, PlanExportError> {
        let body = export.body()?;
        let recipient_id = body.mail_to.ok_or(PlanExportError::ForNobody)?;
        if body.mailed {
            return Ok(vec![]);
        }
        match body.state {
            ExportState::Requested | ExportState::Failed => Err(PlanExportError::NotThere),
            ExportState::Rendered(_) | ExportState::Expired => {
                Ok(vec![PlanExportEvent::Mailed(PlanExportMailed {
                    pdf_id: body.pdf_id,
                    recipient_id,
                })])
            }
        }
    }
}
