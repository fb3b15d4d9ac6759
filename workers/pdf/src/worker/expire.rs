use chrono::Utc;
use command_api::transactions::SettleExport;
use domain::plan_export::{ExpireExport, PlanExportCommand};
use domain::{ExportId, OwnerId};
use event_store::{CommandContext, ExecuteError};
use pdf_storage::FileKey;

use super::{Printer, WorkError};

/// How many are done before others get their turn.
const AT_ONCE: i64 = 200;

/// Keeps files no longer whose time is over: first it is said, then the file is removed. One that is left behind in
/// between, the clean-up finds.
pub(super) async fn expire(printer: &Printer) -> Result<(), WorkError> {
    let now = Utc::now();
    let due = sqlx::query!(
        r#"select pdf_id, owner_id, sha256 as "sha256!" from plan_exports
            where status = 'ready' and expires_at <= $1 and sha256 is not null
            order by expires_at
            limit $2"#,
        now,
        AT_ONCE,
    )
    .fetch_all(printer.pool())
    .await?;
    for row in due {
        let (pdf_id, owner_id) = (ExportId(row.pdf_id), OwnerId(row.owner_id));
        let context = CommandContext::new(owner_id, "pdf");
        let command = PlanExportCommand::Expire(ExpireExport { now });
        match printer.store.execute(&context, &SettleExport { pdf_id, command }).await {
            Ok(_settled) => {
                tracing::info!(pdf.id = %pdf_id, "PDF expired");
                let key = FileKey { owner_id, pdf_id, sha256: row.sha256 };
                if let Err(error) = printer.files.remove(&key).await {
                    tracing::warn!(pdf.id = %pdf_id, %error, "an expired file is not removed yet");
                }
            }
            // They are erased, which removes files, too.
            Err(ExecuteError::Refused(_)) => {}
            Err(ExecuteError::Store(event_store::StoreError::OwnerErased)) => {}
            Err(error) => {
                tracing::warn!(pdf.id = %pdf_id, %error, "not expired yet, trying again");
            }
        }
    }
    Ok(())
}
