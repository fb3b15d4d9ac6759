use axum::extract::State;
use chrono::NaiveDate;
use domain::plan::PlanStatus;
use serde::{Deserialize, Serialize};
use service::resource::{PlanResource, plan_status_schema};
use service::{ApiQuery, Listing, Page, Problem};
use utoipa::IntoParams;
use uuid::Uuid;

use super::row::PlanRow;
use crate::QueryState;
use crate::freshness::FreshnessHeaders;
use crate::list_problems::ListProblems;
use crate::reader::Reader;
use crate::unreadable_row::UnreadableRow;

/// Which plans are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanFilters {
    /// Where they stand.
    #[param(schema_with = plan_status_schema)]
    status: Option<PlanStatus>,
    /// A part of their name or description, upper and lower case alike.
    q: Option<String>,
}

/// What the list is sorted by.
#[derive(Debug, Serialize, Deserialize)]
struct SortKey {
    #[serde(deserialize_with = "service::query::date")]
    start_date: Option<NaiveDate>,
    plan_id: Uuid,
}

impl SortKey {
    fn of(plan: &PlanResource) -> Self {
        Self { start_date: Some(plan.start_date), plan_id: plan.id }
    }
}

/// The caller's plans, the newest start first
#[utoipa::path(
    get,
    path = "/api/v1/plans",
    operation_id = "list_plans",
    tag = "plans",
    params(PlanFilters, Page, FreshnessHeaders),
    responses((status = 200, description = "A page of the plans", body = Listing<PlanResource>), ListProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_plans(
    State(state): State<QueryState>,
    reader: Reader,
    ApiQuery(filters): ApiQuery<PlanFilters>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<PlanResource>, Problem> {
    let PlanFilters { status, q } = filters;
    let after = page.after::<SortKey>()?;
    let rows = sqlx::query_as!(
        PlanRow,
        "select plan_id, name, description, start_date, end_date, goal_race_date, goal_race_distance_m, status,
                workout_count, version, created_at, updated_at
           from plans
          where owner_id = $1
            and ($2::text is null or status = $2)
            and ($3::text is null
                 or position(lower($3) in lower(name)) > 0
                 or position(lower($3) in lower(description)) > 0)
            -- Compared with a bound in any case, so that the index finds the page's beginning.
            and (start_date, plan_id)
                < (coalesce($4::date, 'infinity'), coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))
          order by start_date desc, plan_id desc
          limit $6",
        reader.owner.0,
        status.map(PlanStatus::as_str),
        q,
        after.as_ref().and_then(|after| after.start_date),
        after.as_ref().map(|after| after.plan_id),
        page.fetch(),
    )
    .fetch_all(&state.pool)
    .await?;
    let plans =
        rows.into_iter().map(PlanResource::try_from).collect::<Result<Vec<_>, UnreadableRow>>()?;
    Listing::of(plans, &page, SortKey::of, |plan| plan)
}
