use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::PlanId;
use http::{HeaderValue, header};
use serde::Serialize;
use service::{PathId, Problem, ReadProblems};
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::{Caller, ReadHeaders};
use crate::PdfState;

/// How the newest PDF of a plan stands.
#[derive(Serialize, ToSchema)]
struct PdfStatus {
    /// The PDF's id.
    pdf_id: Uuid,
    /// Where it stands. `expired`: it was ready, and is kept no longer.
    #[schema(value_type = StatusWord)]
    status: &'static str,
    /// When it was asked for.
    requested_at: DateTime<Utc>,
    /// When it was ready or given up.
    finished_at: Option<DateTime<Utc>>,
    /// How many pages it has, when it is ready.
    pages: Option<i64>,
    /// How large it is, when it is ready.
    size_bytes: Option<i64>,
    /// Why it was given up.
    error: Option<String>,
    /// Until when it is kept, when it is ready.
    expires_at: Option<DateTime<Utc>>,
    /// When it was handed to the mail, if it was to be.
    mailed_at: Option<DateTime<Utc>>,
}

/// Where a PDF stands.
#[derive(ToSchema)]
#[schema(as = PdfStatusWord, rename_all = "snake_case")]
#[expect(dead_code, reason = "tells OpenAPI which words there are")]
enum StatusWord {
    Queued,
    Rendering,
    Ready,
    Failed,
    Expired,
}

/// How the newest PDF of a plan stands
#[utoipa::path(
    get,
    path = "/api/v1/pdf/plans/{id}/status",
    operation_id = "get_pdf_status",
    tag = "pdf",
    params(("id" = Uuid, Path, description = "The plan"), ReadHeaders),
    responses(
        (status = 200, description = "The newest that was asked for", body = PdfStatus),
        ReadProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn get_pdf_status(
    State(app): State<PdfState>,
    caller: Caller,
    PathId(plan_id): PathId<PlanId>,
) -> Result<Response, Problem> {
    let consistency = caller.wait(&app.commands.read_models).await;
    let row = sqlx::query!(
        r#"select e.pdf_id, e.status, e.requested_at, e.finished_at, e.pages, e.size_bytes, e.error, e.expires_at,
                  e.mailed_at, j.began_at is not null as "is_begun!"
             from plan_exports e
             left join pdf.jobs j on j.pdf_id = e.pdf_id
            where e.owner_id = $1 and e.plan_id = $2
            order by e.position desc
            limit 1"#,
        caller.owner.0,
        plan_id.0,
    )
    .fetch_optional(&app.pool)
    .await?
    .ok_or_else(|| Problem::not_found("PDF of such a plan"));
    let row = match row {
        Ok(row) => row,
        Err(missing) => return Ok((consistency, missing).into_response()),
    };
    let status = PdfStatus {
        pdf_id: row.pdf_id,
        status: word(&row.status, row.is_begun),
        requested_at: row.requested_at,
        finished_at: row.finished_at,
        pages: row.pages,
        size_bytes: row.size_bytes,
        error: row.error,
        expires_at: row.expires_at,
        mailed_at: row.mailed_at,
    };
    let private = [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    Ok((consistency, private, Json(status)).into_response())
}

fn word(stored: &str, is_begun: bool) -> &'static str {
    match stored {
        "ready" => "ready",
        "failed" => "failed",
        "expired" => "expired",
        _queued if is_begun => "rendering",
        _queued => "queued",
    }
}
