use std::collections::{BTreeMap, BTreeSet};

use domain::plan_export::{PlanExportEvent, PlanExportRequested};
use event_store::RecordedEvent;
use uuid::Uuid;

use super::row::ExportRow;

/// The exports a batch touches, and what becomes of them. Sorted by id, as their index is.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    exports: BTreeMap<Uuid, ExportRow>,
}

/// The exports that have rows already: their first event in the batch is not their request.
pub(super) fn requested_before(events: &[(&RecordedEvent, PlanExportEvent)]) -> Vec<Uuid> {
    let mut requested_here = BTreeSet::new();
    let mut older = BTreeSet::new();
    for (event, export_event) in events {
        match export_event {
            PlanExportEvent::Requested(_) => {
                requested_here.insert(event.aggregate_id);
            }
            PlanExportEvent::Rendered(_)
            | PlanExportEvent::Failed(_)
            | PlanExportEvent::Expired(_)
            | PlanExportEvent::Mailed(_) => {
                if !requested_here.contains(&event.aggregate_id) {
                    older.insert(event.aggregate_id);
                }
            }
        }
    }
    older.into_iter().collect()
}

impl Fold {
    pub(super) fn start_with(&mut self, rows: Vec<ExportRow>) {
        self.exports.extend(rows.into_iter().map(|row| (row.pdf_id, row)));
    }

    pub(crate) fn apply(&mut self, event: &RecordedEvent, export_event: PlanExportEvent) {
        let at = event.recorded_at;
        match export_event {
            PlanExportEvent::Requested(requested) => {
                self.exports.insert(event.aggregate_id, requested_row(event, requested));
            }
            PlanExportEvent::Rendered(rendered) => self.change(event, |row| {
                row.status = "ready".to_owned();
                row.finished_at = Some(at);
                row.pages = Some(i64::from(rendered.pages));
                row.size_bytes = i64::try_from(rendered.size_bytes).ok();
                row.sha256 = Some(rendered.sha256);
                row.expires_at = Some(rendered.expires_at);
            }),
            PlanExportEvent::Failed(failed) => self.change(event, |row| {
                row.status = "failed".to_owned();
                row.finished_at = Some(at);
                row.error = Some(failed.error);
            }),
            PlanExportEvent::Expired(_) => {
                self.change(event, |row| row.status = "expired".to_owned());
            }
            PlanExportEvent::Mailed(_) => self.change(event, |row| row.mailed_at = Some(at)),
        }
    }

    fn change(&mut self, event: &RecordedEvent, change: impl FnOnce(&mut ExportRow)) {
        if let Some(row) = self.exports.get_mut(&event.aggregate_id) {
            change(row);
        }
    }

    pub(crate) fn finish(self) -> Vec<ExportRow> {
        self.exports.into_values().collect()
    }
}

fn requested_row(event: &RecordedEvent, requested: PlanExportRequested) -> ExportRow {
    ExportRow {
        pdf_id: requested.pdf_id.0,
        owner_id: requested.owner_id.0,
        plan_id: requested.plan_id.0,
        template: requested.options.template.as_str().to_owned(),
        status: "queued".to_owned(),
        position: event.position,
        requested_at: event.recorded_at,
        finished_at: None,
        pages: None,
        size_bytes: None,
        sha256: None,
        error: None,
        expires_at: None,
        mailed_at: None,
    }
}
