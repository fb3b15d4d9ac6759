use axum::middleware::from_fn_with_state;
use service::CheapClones;
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::document::{Beginning, add_answer_headers};
use crate::freshness::await_position;
use crate::{QueryState, plans, progress, runs, summary, workouts};

/// Every read, with its part of the API document.
///
/// Wrap what comes out in [`service::authenticated`]: each route asks for the user.
pub fn router(state: QueryState) -> OpenApiRouter {
    // On each route and not on the router: a method that a path does not take is refused without a wait.
    let fresh = |route: UtoipaMethodRouter<QueryState>| -> UtoipaMethodRouter<QueryState> {
        let fresh = from_fn_with_state(state.clone(), await_position);
        route.map(|methods| methods.route_layer((fresh, CheapClones)))
    };
    let mut router = OpenApiRouter::with_openapi(Beginning::openapi())
        .routes(fresh(routes!(plans::list_plans)))
        .routes(fresh(routes!(plans::get_plan)))
        .routes(fresh(routes!(workouts::list_workouts)))
        .routes(fresh(routes!(workouts::list_workouts_of_plan)))
        .routes(fresh(routes!(workouts::get_workout)))
        .routes(fresh(routes!(runs::list_runs)))
        .routes(fresh(routes!(runs::list_runs_of_plan)))
        .routes(fresh(routes!(runs::get_run)))
        .routes(fresh(routes!(summary::get_summary)))
        .routes(fresh(routes!(progress::get_progress)))
        .routes(fresh(routes!(progress::get_progress_by_its_other_path)))
        .with_state(state);
    add_answer_headers(router.get_openapi_mut());
    router
}
