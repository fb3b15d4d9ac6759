use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use domain::run::{Run, Source, average_pace};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{instant, kilometres, minutes, run_source_schema, started_at};

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Run)]
pub struct RunResource {
    /// Its id.
    pub id: Uuid,
    /// The plan of the workout it fulfils.
    pub plan_id: Option<Uuid>,
    /// The workout it fulfils.
    pub workout_id: Option<Uuid>,
    /// The day it was run, on the runner's own calendar.
    pub actual_date: NaiveDate,
    /// When it began, with the runner's offset from UTC.
    pub started_at: Option<DateTime<FixedOffset>>,
    /// How far, in kilometres.
    #[schema(example = 10.0)]
    pub distance_km: f64,
    /// How long, in minutes, two decimals.
    #[schema(example = 50.48)]
    pub duration_minutes: f64,
    /// How long, in seconds.
    #[schema(example = 3029)]
    pub duration_seconds: i64,
    /// Minutes per kilometre, two decimals.
    #[schema(example = 5.05)]
    pub average_pace: f64,
    /// The same as minutes and seconds.
    #[schema(example = "5:03/km")]
    pub pace: String,
    /// Heart beats per minute on average.
    pub average_heart_rate: Option<i64>,
    /// Most heart beats per minute.
    pub max_heart_rate: Option<i64>,
    /// Metres climbed.
    pub elevation_gain_m: Option<i64>,
    /// How hard it felt, 1 to 10.
    pub perceived_effort: Option<i64>,
    /// Whether it was a race.
    pub is_race: bool,
    /// What the runner says about it.
    pub notes: Option<String>,
    /// Where it came from.
    #[schema(schema_with = run_source_schema)]
    pub source: Source,
    /// Its id there.
    pub external_id: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change to it; also its `ETag`.
    pub version: i64,
}

impl RunResource {
    /// A run whose stream stands at `sequence`; `None` when it does not exist.
    #[must_use]
    pub fn of(run: &Run, sequence: i64) -> Option<Self> {
        let details = run.details()?;
        let (source, external_id) = run.source()?;
        let matched = run.matched();
        let duration_seconds = i64::from(details.duration_s.seconds());
        let RunPace { average_pace, pace } =
            RunPace::of(details.distance_m.metres().into(), duration_seconds)?;
        Some(Self {
            id: run.id()?.0,
            plan_id: matched.map(|matched| matched.plan_id.0),
            workout_id: matched.map(|matched| matched.workout_id.0),
            actual_date: details.actual_date,
            started_at: details
                .started_at
                .map(|at| started_at(at.to_utc(), Some(at.offset().local_minus_utc()))),
            distance_km: kilometres(details.distance_m.metres().into()),
            duration_minutes: minutes(duration_seconds),
            duration_seconds,
            average_pace,
            pace,
            average_heart_rate: details.average_heart_rate.map(|beat| beat.bpm().into()),
            max_heart_rate: details.max_heart_rate.map(|beat| beat.bpm().into()),
            elevation_gain_m: details.elevation_gain_m.map(|climb| climb.metres().into()),
            perceived_effort: details.perceived_effort.map(|effort| effort.level().into()),
            is_race: details.is_race,
            notes: details.notes.as_ref().map(|text| text.as_str().to_owned()),
            source,
            external_id: external_id.map(str::to_owned),
            created_at: instant(run.created_at()?),
            updated_at: instant(run.updated_at()),
            version: sequence,
        })
    }
}

/// A run's pace in both forms that clients see.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPace {
    /// Minutes per kilometre, two decimals.
    pub average_pace: f64,
    /// The same as minutes and seconds, `5:03/km`.
    pub pace: String,
}

impl RunPace {
    /// The pace of so many metres in so many seconds; `None` for no distance, which no run has.
    #[must_use]
    pub fn of(metres: i64, seconds: i64) -> Option<Self> {
        let pace = average_pace(metres, seconds)?;
        Some(Self { average_pace: pace.minutes_per_km(), pace: pace.to_string() })
    }
}
