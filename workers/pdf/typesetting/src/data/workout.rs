use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::WorkoutId;
use domain::plan::{WorkoutStatus, WorkoutType};
use serde::Serialize;

use super::{Date, filled};
use crate::quantity::Quantities;
use crate::words::{breakable, shortened};
use crate::{PrintedRun, PrintedWorkout};

/// A workout as pages show it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Workout {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    /// The same, to be put into a narrow column.
    narrow_name: String,
    short_name: String,
    description: Option<String>,
    date: Option<Date>,
    distance: Option<String>,
    distance_m: u32,
    duration: Option<String>,
    pace: Option<String>,
    /// `planned`, `completed`, `skipped` or `missed`.
    state: &'static str,
    run: Option<DoneRunText>,
}

/// The run that fulfilled it.
#[derive(Debug, Clone, Serialize)]
struct DoneRunText {
    distance: String,
    pace: Option<String>,
}

/// What was run for one workout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DoneRun {
    distance_m: i64,
    duration_s: i64,
}

impl DoneRun {
    pub(crate) fn by_workout(runs: &[PrintedRun]) -> BTreeMap<WorkoutId, Self> {
        runs.iter()
            .map(|run| {
                let done =
                    Self { distance_m: run.distance_m.into(), duration_s: run.duration_s.into() };
                (run.workout_id, done)
            })
            .collect()
    }
}

const COLUMN_EMS: f32 = 20.0;
const NARROW_EMS: f32 = 8.5;

impl Workout {
    pub(crate) fn of(
        workout: &PrintedWorkout,
        runs: &BTreeMap<WorkoutId, DoneRun>,
        quantities: &Quantities<'_>,
        today: NaiveDate,
    ) -> Self {
        let run = runs.get(&workout.workout_id);
        Self {
            kind: workout.workout_type.as_str(),
            name: breakable(&workout.name, COLUMN_EMS),
            narrow_name: breakable(&workout.name, NARROW_EMS),
            short_name: breakable(&shortened(&workout.name, 48), COLUMN_EMS),
            description: filled(workout.description.as_deref())
                .map(|text| breakable(text, COLUMN_EMS)),
            date: workout.scheduled_date.map(|day| Date::of(day, quantities.messages)),
            distance: workout.distance_m.map(|metres| quantities.distance(metres.into())),
            distance_m: workout.distance_m.unwrap_or(0),
            duration: workout.duration_minutes.map(|minutes| quantities.duration(minutes.into())),
            pace: match (workout.target_pace_fast_s_per_km, workout.target_pace_slow_s_per_km) {
                (Some(fast), Some(slow)) => Some(quantities.pace(fast.into(), slow.into())),
                (Some(only), None) | (None, Some(only)) => {
                    Some(quantities.pace(only.into(), only.into()))
                }
                (None, None) => None,
            },
            state: state(workout, today),
            run: run.map(|run| DoneRunText {
                distance: quantities.distance(run.distance_m),
                pace: quantities.pace_of(run.distance_m, run.duration_s),
            }),
        }
    }
}

/// Where a workout stands on a day, as the API tells it; but on paper nobody has missed a rest day.
pub(crate) fn state(workout: &PrintedWorkout, today: NaiveDate) -> &'static str {
    let is_past = workout.scheduled_date.is_some_and(|day| day < today);
    match workout.status {
        WorkoutStatus::Planned if is_past && counts(workout) => "missed",
        status => status.as_str(),
    }
}

/// Whether it counts in figures: rest days do not, as in the API.
pub(crate) fn counts(workout: &PrintedWorkout) -> bool {
    workout.workout_type != WorkoutType::Rest
}
