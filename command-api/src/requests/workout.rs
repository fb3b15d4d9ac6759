use chrono::NaiveDate;
use domain::plan::{NewWorkout, WorkoutContent, WorkoutRevision, WorkoutType};
use domain::{Distance, Minutes, Name, PlanId, SecondsPerKm, Text, Violation, WorkoutId};
use serde::Deserialize;
use service::readers::{date, integer, number, text, uuid, word};
use service::resource::workout_type_schema;
use service::{Fields, JsonBody};
use utoipa::ToSchema;
use uuid::Uuid;

use super::read_only::{refuse_read_only, violations};
use crate::transactions::{PaceChange, Unreadable};

/// A workout as one adds or replaces it.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) struct WorkoutFields {
    /// The plan it belongs to. Required under `/workouts`; elsewhere it may be repeated, but not
    /// changed.
    #[schema(nullable = false)]
    plan_id: Option<Uuid>,
    /// What it is called.
    #[schema(min_length = 1, max_length = 255, example = "Long run")]
    name: String,
    /// What kind of training it is.
    #[schema(schema_with = workout_type_schema)]
    workout_type: String,
    /// How to do it.
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// Its day, within the plan.
    #[schema(example = "2026-07-12")]
    scheduled_date: Option<NaiveDate>,
    /// How far, in kilometres.
    #[schema(minimum = 0.01, maximum = 1000, example = 18)]
    distance_km: Option<f64>,
    /// How long, in whole minutes.
    #[schema(minimum = 1, maximum = 10_080)]
    duration_minutes: Option<i64>,
    /// The fastest pace that is meant, in seconds per kilometre; only together with the slowest.
    #[schema(minimum = 90, maximum = 3600, example = 330)]
    target_pace_fast_s_per_km: Option<i64>,
    /// The slowest pace that is meant, in seconds per kilometre.
    #[schema(minimum = 90, maximum = 3600, example = 360)]
    target_pace_slow_s_per_km: Option<i64>,
}

/// Some of a workout's fields: those left out stay, null clears.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) struct WorkoutChanges {
    /// The plan it belongs to, which cannot be changed.
    #[schema(nullable = false)]
    plan_id: Option<Uuid>,
    /// What it is called.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    name: Option<String>,
    /// What kind of training it is.
    #[schema(schema_with = workout_type_schema, required = false)]
    workout_type: Option<String>,
    /// How to do it.
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// Its day, within the plan.
    scheduled_date: Option<NaiveDate>,
    /// How far, in kilometres.
    #[schema(minimum = 0.01, maximum = 1000)]
    distance_km: Option<f64>,
    /// How long, in whole minutes.
    #[schema(minimum = 1, maximum = 10_080)]
    duration_minutes: Option<i64>,
    /// The fastest pace that is meant, in seconds per kilometre.
    #[schema(minimum = 90, maximum = 3600)]
    target_pace_fast_s_per_km: Option<i64>,
    /// The slowest pace that is meant, in seconds per kilometre.
    #[schema(minimum = 90, maximum = 3600)]
    target_pace_slow_s_per_km: Option<i64>,
}

/// Workouts to add to a plan: one, or a list that is added as a whole or not at all.
#[derive(ToSchema, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) enum WorkoutsFields {
    /// One.
    One(WorkoutFields),
    /// Up to 500.
    Many {
        /// The workouts.
        #[schema(min_items = 1, max_items = 500)]
        workouts: Vec<WorkoutFields>,
    },
}

const READ_ONLY: [&str; 6] = ["id", "status", "run_id", "created_at", "updated_at", "version"];
const MAX_WORKOUTS: usize = 500;
const FAST: &str = "target_pace_fast_s_per_km";
const SLOW: &str = "target_pace_slow_s_per_km";

/// Workouts to add, and how they were asked for.
pub(crate) struct NewWorkouts {
    pub(crate) workouts: Vec<NewWorkout>,
    /// The days that could be read, with the names of their fields.
    pub(crate) days: Vec<(String, NaiveDate)>,
    pub(crate) fields: domain::plan::WorkoutFields,
    pub(crate) unreadable: Unreadable,
}

/// Reads a workout to add, and the plan that it names.
pub(crate) fn new_workout(body: &JsonBody) -> (Option<PlanId>, NewWorkouts) {
    let mut fields = body.fields();
    let plan_id = fields.required("plan_id", uuid(PlanId));
    (plan_id, single(fields))
}

/// Reads one or more workouts to add to a plan that the path names.
pub(crate) fn new_workouts(body: &JsonBody, plan_id: PlanId) -> NewWorkouts {
    let mut fields = body.fields();
    if !fields.has("workouts") {
        repeated_plan(&mut fields, plan_id);
        return single(fields);
    }
    let mut days = vec![];
    let workouts = fields.list("workouts", MAX_WORKOUTS, |fields| {
        repeated_plan(fields, plan_id);
        let workout = workout(fields);
        days.push(workout.scheduled_date);
        workout.build()
    });
    let unreadable = violations(fields);
    // What is no object was not read, and the days after it would go by the wrong number.
    let all_read = !unreadable.iter().any(|violation| violation.field.ends_with(']'));
    let days = days.into_iter().enumerate().filter(|_| all_read);
    NewWorkouts {
        workouts: workouts.unwrap_or_default(),
        days: days
            .filter_map(|(index, day)| Some((format!("workouts[{index}].scheduled_date"), day?)))
            .collect(),
        fields: domain::plan::WorkoutFields::List,
        unreadable: Unreadable(unreadable),
    }
}

fn single(mut fields: Fields<'_>) -> NewWorkouts {
    let workout = workout(&mut fields);
    let day = workout.scheduled_date.map(|day| ("scheduled_date".to_owned(), day));
    NewWorkouts {
        workouts: workout.build().into_iter().collect(),
        days: day.into_iter().collect(),
        fields: domain::plan::WorkoutFields::Single,
        unreadable: Unreadable(violations(fields)),
    }
}

/// The path says which plan; the body may say so too.
fn repeated_plan(fields: &mut Fields<'_>, plan_id: PlanId) {
    let stated = fields.patch_required("plan_id", uuid(PlanId));
    if stated.is_some_and(|stated| stated != plan_id) {
        fields.refuse("plan_id", Violation::new("not_the_paths", "must be the plan in the path"));
    }
}

/// A workout to revise.
pub(crate) struct ReadWorkout {
    pub(crate) plan_id: Option<PlanId>,
    pub(crate) revision: WorkoutRevision,
    pub(crate) pace: PaceChange,
    pub(crate) unreadable: Unreadable,
}

/// Reads all fields of a workout, to replace it: those left out are cleared.
pub(crate) fn whole_workout(body: &JsonBody) -> ReadWorkout {
    let mut fields = body.fields();
    let plan_id = fields.patch_required("plan_id", uuid(PlanId));
    let Workout {
        name,
        workout_type,
        description,
        scheduled_date,
        distance_m,
        duration_minutes,
        pace,
    } = workout(&mut fields);
    let revision = WorkoutRevision {
        name,
        workout_type,
        description: Some(description),
        scheduled_date: Some(scheduled_date),
        distance_m: Some(distance_m),
        duration_minutes: Some(duration_minutes),
        target_pace_s_per_km: None,
    };
    ReadWorkout { plan_id, revision, pace, unreadable: Unreadable(violations(fields)) }
}

/// Reads some fields of a workout.
pub(crate) fn workout_changes(body: &JsonBody) -> ReadWorkout {
    let mut fields = body.fields();
    let plan_id = fields.patch_required("plan_id", uuid(PlanId));
    let revision = WorkoutRevision {
        name: fields.patch_required("name", text(Name::parse)),
        workout_type: fields
            .patch_required("workout_type", word(WorkoutType::ALL, WorkoutType::as_str)),
        description: fields.patch("description", text(Text::parse)),
        scheduled_date: fields.patch("scheduled_date", date),
        distance_m: fields.patch("distance_km", number(Distance::from_km)),
        duration_minutes: fields.patch("duration_minutes", integer(Minutes::from_minutes)),
        target_pace_s_per_km: None,
    };
    let pace = PaceChange {
        fast: fields.patch(FAST, integer(SecondsPerKm::from_seconds)),
        slow: fields.patch(SLOW, integer(SecondsPerKm::from_seconds)),
    };
    refuse_read_only(&mut fields, &READ_ONLY);
    ReadWorkout { plan_id, revision, pace, unreadable: Unreadable(violations(fields)) }
}

/// A workout as far as it could be read.
struct Workout {
    name: Option<Name>,
    workout_type: Option<WorkoutType>,
    description: Option<Text>,
    scheduled_date: Option<NaiveDate>,
    distance_m: Option<Distance>,
    duration_minutes: Option<Minutes>,
    pace: PaceChange,
}

fn workout(fields: &mut Fields<'_>) -> Workout {
    let workout = Workout {
        name: fields.required("name", text(Name::parse)),
        workout_type: fields.required("workout_type", word(WorkoutType::ALL, WorkoutType::as_str)),
        description: fields.optional("description", text(Text::parse)),
        scheduled_date: fields.optional("scheduled_date", date),
        distance_m: fields.optional("distance_km", number(Distance::from_km)),
        duration_minutes: fields.optional("duration_minutes", integer(Minutes::from_minutes)),
        pace: PaceChange {
            fast: Some(fields.optional(FAST, integer(SecondsPerKm::from_seconds))),
            slow: Some(fields.optional(SLOW, integer(SecondsPerKm::from_seconds))),
        },
    };
    if !fields.is_refused(FAST) && !fields.is_refused(SLOW) {
        fields.refuse_fields(workout.pace.applied_to(None).err());
    }
    refuse_read_only(fields, &READ_ONLY);
    workout
}

impl Workout {
    /// The workout, under a new id, when all that it needs could be read.
    fn build(self) -> Option<NewWorkout> {
        let content = WorkoutContent {
            name: self.name?,
            workout_type: self.workout_type?,
            description: self.description,
            distance_m: self.distance_m,
            duration_minutes: self.duration_minutes,
            target_pace_s_per_km: self.pace.applied_to(None).ok()?,
        };
        let workout_id = WorkoutId(Uuid::now_v7());
        Some(NewWorkout { workout_id, scheduled_date: self.scheduled_date, content })
    }
}
