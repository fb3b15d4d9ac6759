use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A row of table `plan_exports`.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub(crate) struct ExportRow {
    pub(crate) pdf_id: Uuid,
    pub(crate) owner_id: Uuid,
    pub(crate) plan_id: Uuid,
    pub(crate) template: String,
    pub(crate) status: String,
    pub(crate) position: i64,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) pages: Option<i64>,
    pub(crate) size_bytes: Option<i64>,
    pub(crate) sha256: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) mailed_at: Option<DateTime<Utc>>,
}

/// The rows with these ids, as they are on the connection's search path.
pub(super) async fn load(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<Vec<ExportRow>> {
    sqlx::query_as!(
        ExportRow,
        "select pdf_id, owner_id, plan_id, template, status, position, requested_at, finished_at, pages, size_bytes,
                sha256, error, expires_at, mailed_at
           from plan_exports where pdf_id = any($1)",
        ids,
    )
    .fetch_all(connection)
    .await
}
