//! `/api/v1/athlete/coaches` and `/api/v1/coach/athletes`: the same between two, seen from either side.

mod athletes;
mod coaches;
mod problems;
mod requests;
mod step;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AuthState;

/// The routes of both sides.
pub(super) fn routes() -> OpenApiRouter<AuthState> {
    OpenApiRouter::new()
        .routes(routes!(coaches::invite_coach, coaches::list_coaches))
        .routes(routes!(coaches::change_coach, coaches::end_coach))
        .routes(routes!(coaches::accept_coach))
        .routes(routes!(coaches::decline_coach))
        .routes(routes!(athletes::ask_athlete, athletes::list_athletes))
        .routes(routes!(athletes::end_athlete))
        .routes(routes!(athletes::accept_athlete))
        .routes(routes!(athletes::decline_athlete))
}
