use chrono::NaiveDate;
use domain::plan::{
    PlanDetails, PlanRevision, PlanStatus, ShiftWorkouts, dates_violation, goal_violation,
};
use domain::{Distance, Name, Text};
use serde::Deserialize;
use service::readers::{date, number, text, word};
use service::resource::plan_status_schema;
use service::{Fields, JsonBody, Problem};
use utoipa::{IntoParams, ToSchema};

use super::read_only::{refuse_read_only, violations};
use crate::transactions::Unreadable;

/// A plan as one creates or replaces it.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) struct PlanFields {
    /// What it is called.
    #[schema(min_length = 1, max_length = 255, example = "Autumn marathon")]
    name: String,
    /// What it is about.
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// Its first day.
    #[schema(example = "2026-07-06")]
    start_date: NaiveDate,
    /// Its last day, after the first; 366 days at most, both counted.
    #[schema(example = "2026-10-25")]
    end_date: NaiveDate,
    /// The day of the race it leads to, within the plan.
    #[schema(example = "2026-10-25")]
    goal_race_date: Option<NaiveDate>,
    /// How long that race is, in kilometres.
    #[schema(minimum = 0.1, maximum = 1000, example = 42.195)]
    goal_race_distance_km: Option<f64>,
    /// Where it stands: `draft` at birth. Left out when replacing, it stays.
    #[schema(schema_with = plan_status_schema, required = false)]
    status: Option<String>,
}

/// Some of a plan's fields: those left out stay, null clears.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) struct PlanChanges {
    /// What it is called.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    name: Option<String>,
    /// What it is about.
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// Its first day.
    #[schema(nullable = false)]
    start_date: Option<NaiveDate>,
    /// Its last day, after the first; 366 days at most, both counted.
    #[schema(nullable = false)]
    end_date: Option<NaiveDate>,
    /// The day of the race it leads to, within the plan.
    goal_race_date: Option<NaiveDate>,
    /// How long that race is, in kilometres.
    #[schema(minimum = 0.1, maximum = 1000)]
    goal_race_distance_km: Option<f64>,
    /// Where it stands: from `draft` to `active`, from there to `completed` or `abandoned`, and from
    /// `abandoned` to `active` again.
    #[schema(schema_with = plan_status_schema, required = false)]
    status: Option<String>,
}

/// How workouts are treated by a change of dates.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkoutsMove {
    /// Whether all workouts move by the change of `start_date`, instead of staying on their days.
    #[serde(default)]
    #[param(default = false)]
    shift_workouts: bool,
}

impl WorkoutsMove {
    pub(crate) fn shift(&self) -> ShiftWorkouts {
        if self.shift_workouts { ShiftWorkouts::Yes } else { ShiftWorkouts::No }
    }
}

const READ_ONLY: [&str; 6] =
    ["id", "duration_days", "workout_count", "created_at", "updated_at", "version"];

/// A plan to create.
pub(crate) struct NewPlan {
    pub(crate) details: PlanDetails,
    pub(crate) status: PlanStatus,
}

/// Reads a plan to create.
pub(crate) fn new_plan(body: &JsonBody) -> Result<NewPlan, Problem> {
    let mut fields = body.fields();
    let revision = whole(&mut fields);
    let dates = revision.start_date.zip(revision.end_date);
    if let Some((start, end)) = dates {
        fields.refuse_fields(dates_violation(start, end));
        fields.refuse_fields(goal_violation(revision.goal_race_date.flatten(), start, end));
    }
    let PlanRevision { name, description, goal_race_date, goal_race_distance_m, status, .. } =
        revision;
    fields.finish(|| {
        let (start_date, end_date) = dates?;
        let details = PlanDetails {
            name: name?,
            description: description.flatten(),
            start_date,
            end_date,
            goal_race_date: goal_race_date.flatten(),
            goal_race_distance_m: goal_race_distance_m.flatten(),
        };
        Some(NewPlan { details, status: status.unwrap_or_default() })
    })
}

/// Reads all fields of a plan, to replace it.
pub(crate) fn whole_plan(body: &JsonBody) -> (PlanRevision, Unreadable) {
    let mut fields = body.fields();
    let revision = whole(&mut fields);
    (revision, Unreadable(violations(fields)))
}

/// Reads some fields of a plan.
pub(crate) fn plan_changes(body: &JsonBody) -> (PlanRevision, Unreadable) {
    let mut fields = body.fields();
    let revision = PlanRevision {
        name: fields.patch_required("name", text(Name::parse)),
        description: fields.patch("description", text(Text::parse)),
        start_date: fields.patch_required("start_date", date),
        end_date: fields.patch_required("end_date", date),
        goal_race_date: fields.patch("goal_race_date", date),
        goal_race_distance_m: fields.patch("goal_race_distance_km", number(Distance::race_from_km)),
        status: fields.patch_required("status", word(PlanStatus::ALL, PlanStatus::as_str)),
    };
    refuse_read_only(&mut fields, &READ_ONLY);
    (revision, Unreadable(violations(fields)))
}

/// Every field, those left out cleared; only the status stays as it is.
fn whole(fields: &mut Fields<'_>) -> PlanRevision {
    let revision = PlanRevision {
        name: fields.required("name", text(Name::parse)),
        description: Some(fields.optional("description", text(Text::parse))),
        start_date: fields.required("start_date", date),
        end_date: fields.required("end_date", date),
        goal_race_date: Some(fields.optional("goal_race_date", date)),
        goal_race_distance_m: Some(
            fields.optional("goal_race_distance_km", number(Distance::race_from_km)),
        ),
        status: fields.optional("status", word(PlanStatus::ALL, PlanStatus::as_str)),
    };
    refuse_read_only(fields, &READ_ONLY);
    revision
}
