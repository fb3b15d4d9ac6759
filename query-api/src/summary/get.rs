use axum::Json;
use axum::extract::State;
use service::{ApiQuery, Problem};

use super::Summary;
use super::totals::Totals;
use crate::QueryState;
use crate::day_range::DayRange;
use crate::freshness::FreshnessHeaders;
use crate::list_problems::ListProblems;
use crate::reader::Reader;

/// What the caller's runs add up to, all of them or those of some days
///
/// Weeks begin on Monday (ISO). A week or month that the days cut counts with the runs that are left of it.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/summary",
    operation_id = "get_summary",
    tag = "analytics",
    params(DayRange, FreshnessHeaders),
    responses((status = 200, description = "The sums; zeros and empty lists without a run", body = Summary), ListProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn get_summary(
    State(state): State<QueryState>,
    reader: Reader,
    ApiQuery(days): ApiQuery<DayRange>,
) -> Result<Json<Summary>, Problem> {
    let days = days.checked()?;
    let owner = reader.owner;
    let totals = if days.is_open() {
        Totals::of_all_runs(&state.pool, owner).await?
    } else {
        Totals::of_days(&state.pool, owner, days).await?
    };
    let today = state.calendar.today();
    let as_of = days.to.map_or(today, |to| to.min(today));
    Ok(Json(Summary::of(&totals, as_of)))
}
