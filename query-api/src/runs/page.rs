use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use domain::run::Source;
use domain::{OwnerId, PlanId, WorkoutId};
use serde::{Deserialize, Serialize};
use service::resource::{RunResource, run_source_schema};
use service::{Listing, Page, Problem};
use utoipa::IntoParams;
use uuid::Uuid;

use super::row::RunRow;
use crate::QueryState;
use crate::day_range::DayRange;
use crate::unreadable_row::UnreadableRow;

/// Which of the user's runs are looked through.
pub(super) enum Scope {
    Everything,
    Plan(PlanId),
    Workout(WorkoutId, Option<PlanId>),
}

/// Which of them are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunFilters {
    /// Where they came from.
    #[param(schema_with = run_source_schema)]
    source: Option<Source>,
}

/// What the list is sorted by.
#[derive(Debug, Serialize, Deserialize)]
struct SortKey {
    #[serde(deserialize_with = "service::query::date")]
    actual_date: Option<NaiveDate>,
    #[serde(
        default,
        deserialize_with = "service::query::instant",
        skip_serializing_if = "Option::is_none"
    )]
    started_at: Option<DateTime<FixedOffset>>,
    run_id: Uuid,
}

impl SortKey {
    fn of(run: &RunResource) -> Self {
        Self { actual_date: Some(run.actual_date), started_at: run.started_at, run_id: run.id }
    }
}

/// One page of a user's runs.
pub(super) async fn page_of_runs(
    state: &QueryState,
    owner: OwnerId,
    scope: Scope,
    days: DayRange,
    filters: &RunFilters,
    page: &Page,
) -> Result<Listing<RunResource>, Problem> {
    let after = page.after::<SortKey>()?;

    // The statement for each of the indexes runs_by_day, runs_by_plan and runs_by_workout. Each bound is compared with
    // in any case, so that the index finds the page's beginning and end.
    macro_rules! page_in {
        ($scope:literal, $plan:expr, $workout:expr) => {
            sqlx::query_as!(
                RunRow,
                "select run_id, plan_id, workout_id, actual_date, started_at, started_offset_s, distance_m, duration_s,
                        average_heart_rate, max_heart_rate, elevation_gain_m, perceived_effort, is_race, notes, source,
                        external_id, version, created_at, updated_at
                   from runs
                  where owner_id = $1 and "
                    + $scope
                    + " and actual_date >= coalesce($4::date, '-infinity')
                    and actual_date <= coalesce($5::date, 'infinity')
                    and ($6::text is null or source = $6)
                    and (actual_date, coalesce(started_at, '-infinity'::timestamptz), run_id)
                        < (coalesce($7::date, 'infinity'),
                           coalesce($8::timestamptz, '-infinity'),
                           coalesce($9::uuid, '00000000-0000-0000-0000-000000000000'))
                  order by actual_date desc, coalesce(started_at, '-infinity'::timestamptz) desc, run_id desc
                  limit $10",
                owner.0,
                $plan,
                $workout,
                days.from,
                days.to,
                filters.source.map(Source::as_str),
                after.as_ref().and_then(|after| after.actual_date),
                after.as_ref().and_then(|after| after.started_at).map(|at| at.with_timezone(&Utc)),
                after.as_ref().map(|after| after.run_id),
                page.fetch(),
            )
            .fetch_all(&state.pool)
            .await?
        };
    }
    let rows = match scope {
        Scope::Everything => {
            page_in!("$2::uuid is null and $3::uuid is null", None::<Uuid>, None::<Uuid>)
        }
        Scope::Plan(plan_id) => {
            page_in!("plan_id = $2 and $3::uuid is null", plan_id.0, None::<Uuid>)
        }
        Scope::Workout(workout_id, plan_id) => page_in!(
            "workout_id = $3 and ($2::uuid is null or plan_id = $2)",
            plan_id.map(|plan_id| plan_id.0),
            workout_id.0
        ),
    };
    let runs =
        rows.into_iter().map(RunResource::try_from).collect::<Result<Vec<_>, UnreadableRow>>()?;
    Listing::of(runs, page, SortKey::of, |run| run)
}
