use chrono::{Days, NaiveDate};
use command_api::transactions::{FirstStatus, ImportPlan};
use domain::plan::{CreatePlan, NewWorkout, PlanDetails, WorkoutContent, WorkoutType};
use domain::{
    Distance, Minutes, Name, OwnerId, PaceRange, PlanId, SecondsPerKm, Text, Violation, WorkoutId,
};
use event_store::{CommandContext, EventStore};
use typesetting::PlanDocument;
use uuid::Uuid;

const WEEKS: u64 = 16;

/// What a week holds: name, kind, description, and which share of the week's distance.
const WEEK: [(&str, WorkoutType, Option<&str>, f64); 6] = [
    ("Rest", WorkoutType::Rest, None, 0.0),
    ("Easy by the river", WorkoutType::EasyRun, Some("Slow enough to talk"), 0.2),
    ("Cruise intervals", WorkoutType::Intervals, Some("6 × 1 km, 200 m jog between them"), 0.22),
    ("Shake out", WorkoutType::Recovery, None, 0.12),
    ("Steady", WorkoutType::Tempo, Some("Warm up, then 8 km at the effort of an hour"), 0.16),
    ("Long run", WorkoutType::LongRun, Some("The last third a little faster"), 0.3),
];

/// Stores a plan of sixteen weeks.
pub(super) async fn import(store: &EventStore, owner: OwnerId) -> anyhow::Result<PlanId> {
    let plan_id = PlanId(Uuid::now_v7());
    let import = sixteen_weeks(plan_id, owner)
        .map_err(|violation| anyhow::anyhow!("the plan is refused: {}", violation.message))?;
    store.execute(&CommandContext::new(owner, "bench"), &import).await?;
    Ok(plan_id)
}

fn sixteen_weeks(plan_id: PlanId, owner_id: OwnerId) -> Result<ImportPlan, Violation> {
    let start_date = NaiveDate::from_ymd_opt(2027, 1, 4).unwrap_or_default();
    let end_date = start_date + Days::new(7 * WEEKS - 1);
    let details = PlanDetails {
        name: Name::parse("Sixteen weeks to a marathon")?,
        description: Some(Text::parse("Five runs a week. Easy means easy.")?),
        start_date,
        end_date,
        goal_race_date: Some(end_date),
        goal_race_distance_m: Some(Distance::from_km(42.195)?),
    };
    let mut workouts = Vec::new();
    for week in 0..WEEKS {
        let km = 40.0 + (week % 4) as f64 * 5.0 + week as f64;
        for (day, (name, workout_type, description, share)) in (0..).zip(WEEK) {
            let runs = share > 0.0;
            let distance = runs.then(|| Distance::from_km(km * share)).transpose()?;
            let pace = [300, 330].map(|seconds| SecondsPerKm::from_seconds(seconds + week as i64));
            let [fast, slow] = pace;
            workouts.push(NewWorkout {
                workout_id: WorkoutId(Uuid::now_v7()),
                scheduled_date: Some(start_date + Days::new(7 * week + day)),
                content: WorkoutContent {
                    name: Name::parse(name)?,
                    workout_type,
                    description: description.map(Text::parse).transpose()?,
                    distance_m: distance,
                    duration_minutes: (!runs).then(|| Minutes::from_minutes(30)).transpose()?,
                    target_pace_s_per_km: match runs {
                        true => Some(PaceRange::new(fast?, slow?)?),
                        false => None,
                    },
                },
            });
        }
    }
    let create = CreatePlan { plan_id, owner_id, details };
    Ok(ImportPlan { create, workouts, status: FirstStatus::Active })
}

/// The same plan with other names and distances: what is kept of one rendering is of little use for the next.
pub(super) fn another(document: &PlanDocument, number: u32) -> PlanDocument {
    let mut other = document.clone();
    other.version += i64::from(number);
    other.plan.name = format!("{} ({number})", other.plan.name);
    for workout in &mut other.workouts {
        workout.name = format!("{} {number}", workout.name);
        workout.distance_m = workout.distance_m.map(|metres| metres + 10 * number);
    }
    other
}
