use axum::extract::State;
use chrono::{DateTime, Utc};
use service::{ApiQuery, Listing, Page, Problem};
use uuid::Uuid;

use super::current_session::Caller;
use super::problems::{CallerProblems, PageProblems, Problems};
use crate::activity::{self, Activity};
use crate::state::AuthState;

/// What has happened to your account's security in the last year, the latest first.
#[utoipa::path(
    get,
    path = "/api/v1/auth/activity",
    tag = "auth",
    operation_id = "list_activity",
    security(("bearer" = [])),
    params(Page),
    responses(
        (status = 200, description = "A page of what happened", body = Listing<Activity>),
        PageProblems,
        CallerProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %caller.user_id))]
pub(super) async fn list_activity(
    State(auth): State<AuthState>,
    caller: Caller,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<Activity>, Problem> {
    let after = page.after::<(DateTime<Utc>, Uuid)>()?;
    let happened = activity::list(&auth.pool, caller.user_id, after, page.fetch()).await?;
    Listing::of(happened, &page, |one| (one.at, one.id), |one| one)
}
