use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use chrono::{SubsecRound, Utc};
use command_api::transactions::{Refusal, SettleExport};
use domain::plan_export::{
    ExportOptions, ExportState, Logo, PlanExport, PlanExportCommand, RecordFailed, RecordMailed,
    RecordRendered, RenderedFile,
};
use event_store::{CommandContext, ExecuteError, StoreError};
use metrics::counter;
use pdf_storage::{FileKey, logo};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use typesetting::{PlanDocument, PrintOptions, Rendered, WeekInWords};

use super::clean_up::load;
use super::jobs::Job;
use super::post::{Covering, Posted, post};
use super::{Printer, WorkError, jobs};
use crate::document::plan_document;
use crate::routes::file_name;

/// What a page within a page within a page may need: more than the runtime's threads have.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Why an attempt came to nothing.
#[derive(Debug)]
enum Trouble {
    /// It may work another time. What the owner reads if it never does, and what the log says now.
    Later(&'static str, String),
    /// It will never work. What the owner reads.
    Never(String),
    /// The owner is erased, or somebody else has settled it otherwise: there is nothing to do.
    Moot,
}

/// Settles a job, or leaves it for another attempt.
///
/// # Errors
/// Only when the database fails, after which it is not known how the job stands.
pub(super) async fn attempt(printer: &Printer, job: Job) -> Result<(), WorkError> {
    let (pdf_id, pool) = (job.pdf_id, printer.pool());
    let trouble = if job.interrupted > printer.pace.max_interruptions {
        Trouble::Never("whatever prints it was interrupted again and again".to_owned())
    } else {
        match bring_on(printer, &job).await {
            Ok(()) => return Ok(jobs::settle(pool, pdf_id).await?),
            Err(trouble) => trouble,
        }
    };
    let failures = job.failures + 1;
    let given_up = match trouble {
        Trouble::Moot => None,
        Trouble::Never(reason) => Some(reason),
        Trouble::Later(reason, cause) if failures < printer.pace.max_attempts => {
            let delay = printer.pace.delay(failures);
            let retry_s = delay.as_secs_f64();
            tracing::warn!(pdf.id = %pdf_id, cause, failures, retry_s, "not printed, trying again");
            return Ok(jobs::put_off(pool, pdf_id, delay, reason).await?);
        }
        Trouble::Later(reason, cause) => {
            tracing::warn!(pdf.id = %pdf_id, cause, failures, "not printed");
            Some(format!("tried {failures} times: {reason}"))
        }
    };
    if let Some(error) = given_up
        && let Err(trouble) = give_up(printer, &job, error).await
    {
        let cause = format!("{trouble:?}");
        tracing::error!(pdf.id = %pdf_id, cause, "it is not stored yet that a PDF is given up");
        return Ok(jobs::put_off(pool, pdf_id, printer.pace.longest_delay, "given up").await?);
    }
    Ok(jobs::settle(pool, pdf_id).await?)
}

async fn bring_on(printer: &Printer, job: &Job) -> Result<(), Trouble> {
    let mut export = load(printer.pool(), job.pdf_id).await.map_err(database)?;
    let mut fresh = None;
    match export.state() {
        Some(ExportState::Requested) => {
            let (rendered, bytes) = render_and_store(printer, job, &export).await?;
            (export, fresh) = (rendered, Some(bytes));
        }
        Some(ExportState::Rendered(_) | ExportState::Failed | ExportState::Expired) => {}
        // Erased with its owner.
        None => return Err(Trouble::Moot),
    }
    mail(printer, job, &export, fresh).await
}

/// Renders the plan as it was at the request, stores the file, and says so: in this order, so that what is said to be
/// ready is there.
async fn render_and_store(
    printer: &Printer,
    job: &Job,
    export: &PlanExport,
) -> Result<(PlanExport, Bytes), Trouble> {
    let options = with_logo(printer, job, export).await?;
    let document = document_of(printer, job, export).await?;
    let Rendered { pdf, pages, .. } = render(printer, document, options).await?;
    let bytes = Bytes::from(pdf);
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let key = FileKey { owner_id: job.owner, pdf_id: job.pdf_id, sha256: sha256.clone() };
    printer
        .files
        .put(&key, bytes.clone())
        .await
        .map_err(|error| Trouble::Later(error.for_users(), error.to_string()))?;
    let expires_at = now() + printer.kept_for;
    let size_bytes = bytes.len() as u64;
    let file = RenderedFile { sha256: sha256.clone(), size_bytes, pages, expires_at };
    let command = PlanExportCommand::RecordRendered(RecordRendered { file });
    let settled = settle(printer, job, command).await;
    let is_ours = settled.as_ref().is_ok_and(|export| match export.state() {
        Some(ExportState::Rendered(file)) => file.sha256 == sha256,
        _ => false,
    });
    // Of what came to nothing, nothing is kept; but whether an outage has swallowed a yes is not known.
    if !is_ours
        && !matches!(settled, Err(Trouble::Later(..)))
        && let Err(error) = printer.files.remove(&key).await
    {
        tracing::warn!(pdf.id = %job.pdf_id, %error, "a file is left to the clean-up");
    }
    let settled = settled?;
    counter!("trainer_exports_total", "outcome" => "ready").increment(1);
    tracing::info!(pdf.id = %job.pdf_id, pages, size_bytes, "plan printed");
    Ok((settled, bytes))
}

async fn with_logo(
    printer: &Printer,
    job: &Job,
    export: &PlanExport,
) -> Result<PrintOptions, Trouble> {
    let options: ExportOptions = export.options().cloned().ok_or(Trouble::Moot)?;
    let Some(sha256) = options.logo_sha256.clone() else { return Ok(options.with_logo(None)) };
    let stored = logo(printer.pool(), job.owner, &sha256).await.map_err(database)?;
    let stored =
        stored.ok_or_else(|| Trouble::Never("its logo is not there any more".to_owned()))?;
    let logo = Logo::parse(stored)
        .map_err(|violation| Trouble::Never(format!("its logo {}", violation.message)))?;
    Ok(options.with_logo(Some(logo)))
}

async fn document_of(
    printer: &Printer,
    job: &Job,
    export: &PlanExport,
) -> Result<PlanDocument, Trouble> {
    let plan_id = export.plan_id().ok_or(Trouble::Moot)?;
    let as_of = export.requested_at().ok_or(Trouble::Moot)?;
    let found = plan_document(printer.pool(), plan_id, job.position, as_of).await;
    let found = found.map_err(|error| {
        Trouble::Later("the plan cannot be read at the moment", error.to_string())
    })?;
    let theirs = found.filter(|(owner, _)| *owner == job.owner);
    let (_, mut document) = theirs.ok_or(Trouble::Moot)?;
    document.live_url = Some(printer.live_url(plan_id));
    Ok(document)
}

/// On a thread of its own, which it may keep busy. One that never ends keeps it, and counts as failed.
async fn render(
    printer: &Printer,
    document: PlanDocument,
    options: PrintOptions,
) -> Result<Rendered, Trouble> {
    const BROKEN: &str = "the template broke off";
    let render = Arc::clone(&printer.render);
    let (done, rendering) = oneshot::channel();
    let started = thread::Builder::new()
        .name("pdf".to_owned())
        .stack_size(STACK_BYTES)
        // Nobody listens any more when it has taken too long.
        .spawn(move || done.send(render(&document, &options)).is_ok());
    if let Err(error) = started {
        return Err(Trouble::Later("the server is too busy", error.to_string()));
    }
    match tokio::time::timeout(printer.pace.rendered_within, rendering).await {
        Ok(Ok(Ok(rendered))) => Ok(rendered),
        // The same plan fails in the same way again.
        Ok(Ok(Err(error))) => Err(Trouble::Never(error.to_string())),
        // It has panicked, and said so.
        Ok(Err(gone)) => Err(Trouble::Later(BROKEN, gone.to_string())),
        Err(_elapsed) => Err(Trouble::Later("it takes too long", "too slow".to_owned())),
    }
}

/// Mails the file, if it is to be and may be, once.
async fn mail(
    printer: &Printer,
    job: &Job,
    export: &PlanExport,
    fresh: Option<Bytes>,
) -> Result<(), Trouble> {
    let (Some(to), Some(ExportState::Rendered(file))) = (export.to_be_mailed_to(), export.state())
    else {
        return Ok(());
    };
    let key = FileKey { owner_id: job.owner, pdf_id: job.pdf_id, sha256: file.sha256.clone() };
    let bytes = match fresh {
        Some(bytes) => bytes,
        None => printer
            .files
            .read_whole(&key)
            .await
            .map_err(|error| Trouble::Later(error.for_users(), error.to_string()))?,
    };
    let document = document_of(printer, job, export).await?;
    let options = export.options().ok_or(Trouble::Moot)?;
    let covering = Covering {
        plan: &document.plan.name,
        week: WeekInWords::of(&document, options.language, options.units),
        file_name: file_name(Some(&document.plan.name), options.template.as_str()),
    };
    let about = (job.pdf_id, job.owner, to);
    let posted = post(printer.pool(), &printer.mail, about, covering, bytes).await;
    let posted =
        posted.map_err(|error| Trouble::Later("it cannot be mailed", error.to_string()))?;
    match posted {
        Posted::Queued => {
            settle(printer, job, PlanExportCommand::RecordMailed(RecordMailed)).await?;
            tracing::info!(pdf.id = %job.pdf_id, "PDF is in the mail");
        }
        Posted::NoLonger => {
            tracing::info!(pdf.id = %job.pdf_id, "nobody may be mailed the PDF any more");
        }
    }
    Ok(())
}

/// Says that it is given up. Of one that is rendered it is the mail that is given up, and nothing is said.
async fn give_up(printer: &Printer, job: &Job, error: String) -> Result<(), Trouble> {
    tracing::warn!(pdf.id = %job.pdf_id, "PDF given up");
    match settle(printer, job, PlanExportCommand::RecordFailed(RecordFailed { error })).await {
        Ok(export) => {
            if matches!(export.state(), Some(ExportState::Failed)) {
                counter!("trainer_exports_total", "outcome" => "failed").increment(1);
            }
            Ok(())
        }
        Err(Trouble::Moot) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}

async fn settle(
    printer: &Printer,
    job: &Job,
    command: PlanExportCommand,
) -> Result<PlanExport, Trouble> {
    let context = CommandContext {
        causation_id: Some(job.position.to_string()),
        ..CommandContext::new(job.owner, "pdf")
    };
    let transaction = SettleExport { pdf_id: job.pdf_id, command };
    match printer.store.execute(&context, &transaction).await {
        Ok(executed) => Ok(executed.output),
        Err(ExecuteError::Store(StoreError::OwnerErased)) => Err(Trouble::Moot),
        Err(ExecuteError::Refused(Refusal::Export(_))) => Err(Trouble::Moot),
        Err(error) => Err(Trouble::Later("it cannot be recorded at the moment", error.to_string())),
    }
}

fn database(error: sqlx::Error) -> Trouble {
    Trouble::Later("the database cannot be used at the moment", error.to_string())
}

/// As precise as it is stored.
fn now() -> chrono::DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
