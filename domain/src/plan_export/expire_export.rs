use chrono::{DateTime, Utc};

use super::{ExportState, PlanExport, PlanExportError, PlanExportEvent, PlanExportExpired};

/// Keeps an export no longer, when its time is over.
#[derive(Debug, Clone)]
pub struct ExpireExport {
    /// The time now.
    pub now: DateTime<Utc>,
}

impl ExpireExport {
    pub(super) fn decide(
        self,
        export: &PlanExport,
    ) -> Result<Vec<PlanExportEvent>, PlanExportError> {
        let body = export.body()?;
        match &body.state {
            ExportState::Expired => Ok(vec![]),
            ExportState::Rendered(file) if file.expires_at <= self.now => {
                Ok(vec![PlanExportEvent::Expired(PlanExportExpired { pdf_id: body.pdf_id })])
            }
            // Whoever asked had an older time; nothing is due.
            ExportState::Rendered(_) => Ok(vec![]),
            ExportState::Requested | ExportState::Failed => Err(PlanExportError::NotThere),
        }
    }
}
