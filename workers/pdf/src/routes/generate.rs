use axum::extract::{FromRequest, Request, State};
use axum::response::Response;
use command_api::transactions::RequestExport;
use command_api::{PlanWrite, WriteHeaders};
use domain::{ExportId, OwnerId, PlanId};
use pdf_storage::keep_logo;
use serde::Serialize;
use service::{JsonBody, PathId, Problem, WriteProblems};
use utoipa::ToSchema;
use uuid::Uuid;

use super::print_request::{PrintFields, PrintRequest};
use crate::PdfState;

/// The largest body: a logo of a million bytes is a third larger in base64.
const BODY_LIMIT_BYTES: usize = 1_500_000;

/// A PDF that was asked for.
#[derive(Serialize, ToSchema)]
struct RequestedPdf {
    /// The PDF's id, under which it can be fetched: `/api/v1/pdf/{pdf_id}`.
    pdf_id: Uuid,
    /// Always `queued`.
    #[schema(example = "queued")]
    status: &'static str,
    /// Where it is told what becomes of it.
    #[schema(example = "/api/v1/pdf/plans/019aa0f6-7a5c-7bd2-8a3e-53d3a1f0c111/status")]
    status_url: String,
}

/// A body with a logo in it.
pub(crate) struct PrintBody(JsonBody);

impl<S: Send + Sync> FromRequest<S> for PrintBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        JsonBody::read(request, BODY_LIMIT_BYTES).await.map(Self)
    }
}

/// Print a plan
///
/// Of the plan as it is now, in the background. Several are rendered in the order they were asked for. The file is kept
/// for a while, 30 days unless the server's operator says otherwise.
#[utoipa::path(
    post,
    path = "/api/v1/pdf/plans/{id}/generate",
    operation_id = "generate_pdf",
    tag = "pdf",
    params(("id" = Uuid, Path, description = "The plan"), WriteHeaders),
    request_body = PrintFields,
    responses((status = 202, description = "Asked for", body = RequestedPdf), WriteProblems)
)]
#[tracing::instrument(skip_all, fields(plan.id = %plan_id))]
pub(crate) async fn generate_pdf(
    State(app): State<PdfState>,
    PlanWrite(request): PlanWrite,
    PathId(plan_id): PathId<PlanId>,
    PrintBody(body): PrintBody,
) -> Result<Response, Problem> {
    let PrintRequest { mut options, logo, mail_to } =
        PrintRequest::read(&app.pool, &app.typesetter, &request.acting, &body).await?;
    if let Some(logo) = logo {
        // Before the event that names it. If that is not stored, it is forgotten after a while.
        require_own_plan(&app, request.acting.owner, plan_id).await?;
        let kept = keep_logo(&app.pool, request.acting.owner, logo.bytes()).await?;
        options.logo_sha256 = Some(kept.sha256);
    }
    let pdf_id = ExportId(Uuid::now_v7());
    let command = RequestExport { pdf_id, plan_id, options, mail_to };
    let done = app.commands.carry_out(request, Some(&body), command).await?;
    Ok(done.accepted(|pdf_id| {
        let status_url = format!("/api/v1/pdf/plans/{plan_id}/status");
        let requested =
            RequestedPdf { pdf_id: pdf_id.0, status: "queued", status_url: status_url.clone() };
        (status_url, requested)
    }))
}

/// Nothing is stored for a plan that is not the caller's, as far as the rows know; the command knows for sure.
async fn require_own_plan(app: &PdfState, owner: OwnerId, plan_id: PlanId) -> Result<(), Problem> {
    let stream = event_store::read_stream(&app.pool, "plan", plan_id.0).await?;
    let is_own = stream.first().is_some_and(|event| event.owner_id == owner);
    if is_own { Ok(()) } else { Err(Problem::not_found("plan")) }
}
