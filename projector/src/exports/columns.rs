use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::row::ExportRow;

/// Rows of `plan_exports` as one array a column.
#[derive(Default)]
pub(super) struct ExportColumns<'a> {
    pub(super) pdf_id: Vec<Uuid>,
    pub(super) owner_id: Vec<Uuid>,
    pub(super) plan_id: Vec<Uuid>,
    pub(super) template: Vec<&'a str>,
    pub(super) status: Vec<&'a str>,
    pub(super) position: Vec<i64>,
    pub(super) requested_at: Vec<DateTime<Utc>>,
    pub(super) finished_at: Vec<Option<DateTime<Utc>>>,
    pub(super) pages: Vec<Option<i64>>,
    pub(super) size_bytes: Vec<Option<i64>>,
    pub(super) sha256: Vec<Option<&'a str>>,
    pub(super) error: Vec<Option<&'a str>>,
    pub(super) expires_at: Vec<Option<DateTime<Utc>>>,
    pub(super) mailed_at: Vec<Option<DateTime<Utc>>>,
}

impl<'a> ExportColumns<'a> {
    pub(super) fn of(rows: &'a [ExportRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.pdf_id.push(row.pdf_id);
            columns.owner_id.push(row.owner_id);
            columns.plan_id.push(row.plan_id);
            columns.template.push(&row.template);
            columns.status.push(&row.status);
            columns.position.push(row.position);
            columns.requested_at.push(row.requested_at);
            columns.finished_at.push(row.finished_at);
            columns.pages.push(row.pages);
            columns.size_bytes.push(row.size_bytes);
            columns.sha256.push(row.sha256.as_deref());
            columns.error.push(row.error.as_deref());
            columns.expires_at.push(row.expires_at);
            columns.mailed_at.push(row.mailed_at);
        }
        columns
    }
}
