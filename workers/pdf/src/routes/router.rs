use command_api::add_answer_headers;
use service::{ProblemDetails, ProblemField};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{download, generate, status};
use crate::PdfState;

/// Where the document begins: with the schemas that refusals refer to.
#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDetails, ProblemField)))]
struct Beginning;

/// Every request about PDFs, with its description.
pub fn router(state: PdfState) -> OpenApiRouter {
    stateless().with_state(state)
}

/// What the API document says of them, for which nothing has to run.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    stateless().into_openapi()
}

fn stateless() -> OpenApiRouter<PdfState> {
    let mut router = OpenApiRouter::with_openapi(Beginning::openapi())
        .routes(routes!(generate::generate_pdf))
        .routes(routes!(status::get_pdf_status))
        .routes(routes!(download::get_pdf));
    add_answer_headers(router.get_openapi_mut());
    router
}
