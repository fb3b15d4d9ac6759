use service::{ProblemDetails, ProblemField, describe_replays};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{OperationsState, checks, generations, parked, projections};

/// Where the document begins: with the schemas that refusals refer to.
#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDetails, ProblemField)))]
struct Beginning;

/// Every path for operators, with its part of the API document.
///
/// Wrap what comes out in [`service::authenticated`]: each route asks for an administrator.
pub fn router(state: OperationsState) -> OpenApiRouter {
    let mut router = OpenApiRouter::with_openapi(Beginning::openapi())
        .routes(routes!(projections::list_projections))
        .routes(routes!(projections::get_projection))
        .routes(routes!(projections::pause_projection))
        .routes(routes!(projections::resume_projection))
        .routes(routes!(generations::rebuild_projection))
        .routes(routes!(generations::roll_back_projection))
        .routes(routes!(checks::diff_projection, checks::latest_diff))
        .routes(routes!(checks::verify_projection, checks::latest_verification))
        .routes(routes!(parked::list_parked))
        .routes(routes!(parked::get_parked))
        .routes(routes!(parked::retry_parked))
        .routes(routes!(parked::drop_parked))
        .with_state(state);
    describe_replays(router.get_openapi_mut());
    router
}
