use axum::extract::State;
use axum::http::StatusCode;
use domain::OwnerId;
use service::{PathId, Problem, ProblemDetails};

use super::current_session::Administrator;
use super::problems::{AdminProblems, NotFound, Problems};
use crate::accounts;
use crate::state::AuthState;
use crate::two_factor;

/// Take the second factor of an account away whose owner has lost it.
///
/// They sign in with their password alone then, and see in their activity that it was taken away.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/users/{id}/two-factor",
    tag = "admin",
    operation_id = "remove_two_factor_of_user",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The account's id")),
    responses(
        (status = 204, description = "Signing in takes no code"),
        (status = 400, description = "The id is no UUID", body = ProblemDetails, content_type = "application/problem+json"),
        AdminProblems,
        NotFound,
        (status = 409, description = "It is your own", body = ProblemDetails, content_type = "application/problem+json"),
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(admin.id = %admin.user_id))]
pub(super) async fn remove(
    State(auth): State<AuthState>,
    admin: Administrator,
    PathId(user_id): PathId<OwnerId>,
) -> Result<StatusCode, Problem> {
    // Or whoever found an administrator's token need not show the factor that guards it.
    if admin.user_id == user_id {
        return Err(Problem::conflict("your own goes with DELETE /api/v1/auth/two-factor"));
    }
    if accounts::find(&auth.pool, user_id).await?.is_none() {
        return Err(Problem::not_found("user"));
    }
    if two_factor::remove_second_factor(&auth.pool, user_id).await? {
        tracing::info!(user.id = %user_id, "second factor removed");
    }
    Ok(StatusCode::NO_CONTENT)
}
