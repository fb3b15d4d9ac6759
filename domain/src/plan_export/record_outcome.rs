use super::{
    ExportState, PlanExport, PlanExportError, PlanExportEvent, PlanExportFailed,
    PlanExportRendered, RenderedFile,
};

/// Says that an export is rendered and kept.
#[derive(Debug, Clone)]
pub struct RecordRendered {
    /// The file that is kept.
    pub file: RenderedFile,
}

impl RecordRendered {
    pub(super) fn decide(
        self,
        export: &PlanExport,
    ) -> Result<Vec<PlanExportEvent>, PlanExportError> {
        let RenderedFile { sha256, size_bytes, pages, expires_at } = self.file;
        let body = export.body()?;
        match body.state {
            // Two workers, or one that was killed between storing and saying so: the first word counts.
            ExportState::Rendered(_) | ExportState::Expired => Ok(vec![]),
            ExportState::Failed => Err(PlanExportError::AlreadyFailed),
            ExportState::Requested => Ok(vec![PlanExportEvent::Rendered(PlanExportRendered {
                pdf_id: body.pdf_id,
                sha256,
                size_bytes,
                pages,
                expires_at,
            })]),
        }
    }
}

/// Says that an export is given up.
#[derive(Debug, Clone)]
pub struct RecordFailed {
    /// Why, for its owner to read.
    pub error: String,
}

impl RecordFailed {
    pub(super) fn decide(
        self,
        export: &PlanExport,
    ) -> Result<Vec<PlanExportEvent>, PlanExportError> {
        let body = export.body()?;
        match body.state {
            // Another worker did better, or said so already.
            ExportState::Rendered(_) | ExportState::Failed | ExportState::Expired => Ok(vec![]),
            ExportState::Requested => Ok(vec![PlanExportEvent::Failed(PlanExportFailed {
                pdf_id: body.pdf_id,
                error: self.error,
            })]),
        }
    }
}
