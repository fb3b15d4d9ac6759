use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{plans, runs, workouts};
use crate::CommandState;
use crate::document::{Beginning, add_answer_headers};

/// Every POST, PUT, PATCH and DELETE of plans, workouts and runs, with its description.
pub fn router(state: CommandState) -> OpenApiRouter {
    let mut router = OpenApiRouter::with_openapi(Beginning::openapi())
        .routes(routes!(plans::create_plan))
        .routes(routes!(plans::replace_plan, plans::change_plan, plans::delete_plan))
        .routes(routes!(workouts::schedule_workout))
        .routes(routes!(workouts::schedule_workouts))
        .routes(routes!(
            workouts::replace_workout,
            workouts::change_workout,
            workouts::remove_workout
        ))
        .routes(routes!(workouts::skip_workout))
        .routes(routes!(workouts::reopen_workout))
        .routes(routes!(runs::record_run))
        .routes(routes!(runs::replace_run, runs::change_run, runs::delete_run))
        .routes(routes!(runs::match_run))
        .routes(routes!(runs::unmatch_run))
        .with_state(state);
    add_answer_headers(router.get_openapi_mut());
    router
}
