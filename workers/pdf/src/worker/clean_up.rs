use std::time::Duration;

use chrono::{TimeDelta, Utc};
use domain::plan_export::{ExportState, PlanExport, PlanExportEvent};
use domain::{Decider, ExportId};
use event_store::read_stream;
use futures::TryStreamExt;
use pdf_storage::{EraseError, FileKey, Files, forget_logos};
use sqlx::PgPool;

/// How old a file must be to be called left behind: one that was just written is about to be recorded.
pub(super) const GRACE: Duration = Duration::from_secs(60 * 60);

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Files that are of no export, or of one that is settled otherwise.
    pub files: u64,
    /// Files that were never written to their end.
    pub torn: u64,
    /// Logos that no export waits for.
    pub logos: u64,
}

/// Removes the files, older than `older_than`, that belong to no export that is ready. The log says which do, not the
/// rows: a projection may be behind.
///
/// # Errors
/// When the database or the file store fails; what was removed until then stays removed.
pub async fn clean_up(
    pool: &PgPool,
    files: &Files,
    older_than: Duration,
) -> Result<Cleaned, EraseError> {
    let mut cleaned = Cleaned { logos: forget_logos(pool).await?, ..Cleaned::default() };
    cleaned.torn = files.remove_torn(older_than).await?;
    let age = TimeDelta::from_std(older_than).unwrap_or(TimeDelta::MAX);
    let before = Utc::now() - age;
    let mut all = files.list();
    while let Some(file) = all.try_next().await? {
        // What is not ours by its name was put there by somebody else.
        let Some(key) = &file.key else { continue };
        if file.written_at <= before && !is_known(pool, key).await? {
            files.remove_leftover(&file).await?;
            cleaned.files += 1;
        }
    }
    Ok(cleaned)
}

async fn is_known(pool: &PgPool, key: &FileKey) -> sqlx::Result<bool> {
    // Most are, and the rows tell so quickly.
    let is_ready = sqlx::query_scalar!(
        r#"select exists (select from plan_exports
                           where pdf_id = $1 and owner_id = $2 and sha256 = $3 and status = 'ready') as "ready!""#,
        key.pdf_id.0,
        key.owner_id.0,
        key.sha256,
    )
    .fetch_one(pool)
    .await?;
    if is_ready {
        return Ok(true);
    }
    let export = load(pool, key.pdf_id).await?;
    Ok(match export.state() {
        Some(ExportState::Rendered(file)) => {
            file.sha256 == key.sha256 && export.owner() == Some(key.owner_id)
        }
        Some(ExportState::Requested | ExportState::Failed | ExportState::Expired) | None => false,
    })
}

/// An export as its events say. Of one with an event that cannot be read, as far as they can.
pub(super) async fn load(pool: &PgPool, pdf_id: ExportId) -> sqlx::Result<PlanExport> {
    let mut export = PlanExport::default();
    for event in read_stream(pool, "plan_export", pdf_id.0).await? {
        match event.decode::<PlanExportEvent>() {
            Ok(export_event) => export.apply_at(export_event, event.recorded_at),
            Err(error) => {
                tracing::error!(position = event.position, %error, "an event cannot be read");
                break;
            }
        }
    }
    Ok(export)
}
