use chrono::{DateTime, FixedOffset, NaiveDate, SubsecRound};
use domain::run::{RunDetails, RunRevision, day_violation, effort_violation, pace_violation};
use domain::{
    Distance, Elevation, Heartbeat, PerceivedEffort, Seconds, Text, Violation, WorkoutId,
};
use serde::Deserialize;
use service::readers::{boolean, date, instant, integer, number, text, uuid};
use service::{Fields, JsonBody, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

use super::read_only::{refuse_read_only, violations};
use crate::transactions::Unreadable;

/// A run as one records or replaces it.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) struct RunFields {
    /// The day it was run, not after tomorrow; follows from `started_at` when that is given.
    #[schema(example = "2026-07-12")]
    actual_date: Option<NaiveDate>,
    /// When it began, with the runner's offset from UTC.
    #[schema(example = "2026-07-12T07:30:00+02:00")]
    started_at: Option<DateTime<FixedOffset>>,
    /// How far, in kilometres.
    #[schema(minimum = 0.01, maximum = 1000, example = 10)]
    distance_km: f64,
    /// How long, in minutes, fractions allowed; this or `duration_seconds`. 1 second to 7 days.
    #[schema(example = 50.5)]
    duration_minutes: Option<f64>,
    /// How long, in seconds; this or `duration_minutes`.
    #[schema(minimum = 1, maximum = 604_800)]
    duration_seconds: Option<i64>,
    /// The workout it fulfils, which it completes.
    workout_id: Option<Uuid>,
    /// Heart beats per minute on average, not above the maximum.
    #[schema(minimum = 20, maximum = 260)]
    average_heart_rate: Option<i64>,
    /// Most heart beats per minute.
    #[schema(minimum = 20, maximum = 260)]
    max_heart_rate: Option<i64>,
    /// Metres climbed.
    #[schema(minimum = 0, maximum = 20_000)]
    elevation_gain_m: Option<f64>,
    /// How hard it felt.
    #[schema(minimum = 1, maximum = 10)]
    perceived_effort: Option<i64>,
    /// Whether it was a race.
    #[schema(default = false)]
    is_race: Option<bool>,
    /// What the runner says about it.
    #[schema(max_length = 10_000)]
    notes: Option<String>,
}

/// Some of a run's fields: those left out stay, null clears.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) struct RunChanges {
    /// The day it was run, not after tomorrow; follows from `started_at` when that is given.
    #[schema(nullable = false)]
    actual_date: Option<NaiveDate>,
    /// When it began, with the runner's offset from UTC.
    started_at: Option<DateTime<FixedOffset>>,
    /// How far, in kilometres.
    #[schema(minimum = 0.01, maximum = 1000, nullable = false)]
    distance_km: Option<f64>,
    /// How long, in minutes, fractions allowed. 1 second to 7 days.
    #[schema(nullable = false)]
    duration_minutes: Option<f64>,
    /// How long, in seconds.
    #[schema(minimum = 1, maximum = 604_800, nullable = false)]
    duration_seconds: Option<i64>,
    /// The workout it fulfils; another one than before is completed in its place, null unmatches.
    workout_id: Option<Uuid>,
    /// Heart beats per minute on average, not above the maximum.
    #[schema(minimum = 20, maximum = 260)]
    average_heart_rate: Option<i64>,
    /// Most heart beats per minute.
    #[schema(minimum = 20, maximum = 260)]
    max_heart_rate: Option<i64>,
    /// Metres climbed.
    #[schema(minimum = 0, maximum = 20_000)]
    elevation_gain_m: Option<f64>,
    /// How hard it felt.
    #[schema(minimum = 1, maximum = 10)]
    perceived_effort: Option<i64>,
    /// Whether it was a race.
    is_race: Option<bool>,
    /// What the runner says about it.
    #[schema(max_length = 10_000)]
    notes: Option<String>,
}

/// The workout that a run fulfils.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(crate) struct MatchFields {
    /// The workout, which the run completes.
    workout_id: Uuid,
}

const READ_ONLY: [&str; 9] = [
    "id",
    "plan_id",
    "average_pace",
    "pace",
    "source",
    "external_id",
    "created_at",
    "updated_at",
    "version",
];
const DATE: &str = "actual_date";
const START: &str = "started_at";
const MINUTES: &str = "duration_minutes";
const SECONDS: &str = "duration_seconds";

/// A run to record.
pub(crate) struct NewRun {
    pub(crate) details: RunDetails,
    pub(crate) workout_id: Option<WorkoutId>,
    pub(crate) duration_field: &'static str,
}

/// Reads a run to record on `today`.
pub(crate) fn new_run(body: &JsonBody, today: NaiveDate) -> Result<NewRun, Problem> {
    let mut fields = body.fields();
    let ReadRun { revision, workout_id, duration_field } = whole(&mut fields);
    let RunRevision {
        actual_date, distance_m, duration_s, average_heart_rate, max_heart_rate, ..
    } = revision;
    let day_field = if revision.started_at.flatten().is_some() { START } else { DATE };
    if let Some(day) = actual_date.filter(|_| !fields.is_refused(day_field)) {
        fields.refuse_fields(day_violation(day, today, day_field));
    }
    if let Some((distance, duration)) = distance_m.zip(duration_s) {
        fields.refuse_fields(pace_violation(distance, duration, duration_field));
    }
    fields.refuse_fields(effort_violation(average_heart_rate.flatten(), max_heart_rate.flatten()));
    fields.finish(|| {
        let details = RunDetails {
            actual_date: actual_date?,
            started_at: revision.started_at.flatten(),
            distance_m: distance_m?,
            duration_s: duration_s?,
            average_heart_rate: average_heart_rate.flatten(),
            max_heart_rate: max_heart_rate.flatten(),
            elevation_gain_m: revision.elevation_gain_m.flatten(),
            perceived_effort: revision.perceived_effort.flatten(),
            is_race: revision.is_race.unwrap_or_default(),
            notes: revision.notes.flatten(),
        };
        Some(NewRun { details, workout_id: workout_id.flatten(), duration_field })
    })
}

/// A run to correct.
pub(crate) struct ReadRun {
    pub(crate) revision: RunRevision,
    pub(crate) workout_id: Option<Option<WorkoutId>>,
    /// What the client calls the duration.
    pub(crate) duration_field: &'static str,
}

/// Reads all fields of a run, to replace it: those left out are cleared.
pub(crate) fn whole_run(body: &JsonBody) -> (ReadRun, Unreadable) {
    let mut fields = body.fields();
    let run = whole(&mut fields);
    (run, Unreadable(violations(fields)))
}

/// Reads some fields of a run.
pub(crate) fn run_changes(body: &JsonBody) -> (ReadRun, Unreadable) {
    let mut fields = body.fields();
    let started_at = fields.patch(START, started);
    let actual_date = day(&mut fields, started_at.flatten());
    if fields.has(DATE) {
        require(&mut fields, actual_date.is_some(), DATE, START);
    }
    let duration_s = duration(&mut fields);
    if fields.has(MINUTES) {
        require(&mut fields, duration_s.is_some(), MINUTES, SECONDS);
    } else if fields.has(SECONDS) {
        require(&mut fields, duration_s.is_some(), SECONDS, MINUTES);
    }
    let revision = RunRevision {
        actual_date,
        started_at,
        distance_m: fields.patch_required("distance_km", number(Distance::from_km)),
        duration_s,
        average_heart_rate: fields.patch("average_heart_rate", integer(Heartbeat::from_bpm)),
        max_heart_rate: fields.patch("max_heart_rate", integer(Heartbeat::from_bpm)),
        elevation_gain_m: fields.patch("elevation_gain_m", number(Elevation::from_metres)),
        perceived_effort: fields.patch("perceived_effort", integer(PerceivedEffort::from_level)),
        is_race: fields.patch("is_race", boolean).map(Option::unwrap_or_default),
        notes: fields.patch("notes", text(Text::parse)),
    };
    let workout_id = fields.patch("workout_id", uuid(WorkoutId));
    refuse_read_only(&mut fields, &READ_ONLY);
    let duration_field = duration_field(&fields);
    (ReadRun { revision, workout_id, duration_field }, Unreadable(violations(fields)))
}

/// Reads the workout that a run fulfils.
pub(crate) fn match_fields(body: &JsonBody) -> Result<WorkoutId, Problem> {
    let mut fields = body.fields();
    let workout_id = fields.required("workout_id", uuid(WorkoutId));
    fields.finish(|| workout_id)
}

/// Every field, those left out cleared.
fn whole(fields: &mut Fields<'_>) -> ReadRun {
    let started_at = fields.optional(START, started);
    let actual_date = day(fields, started_at);
    require(fields, actual_date.is_some(), DATE, START);
    let duration_s = duration(fields);
    require(fields, duration_s.is_some(), MINUTES, SECONDS);
    let revision = RunRevision {
        actual_date,
        started_at: Some(started_at),
        distance_m: fields.required("distance_km", number(Distance::from_km)),
        duration_s,
        average_heart_rate: Some(
            fields.optional("average_heart_rate", integer(Heartbeat::from_bpm)),
        ),
        max_heart_rate: Some(fields.optional("max_heart_rate", integer(Heartbeat::from_bpm))),
        elevation_gain_m: Some(fields.optional("elevation_gain_m", number(Elevation::from_metres))),
        perceived_effort: Some(
            fields.optional("perceived_effort", integer(PerceivedEffort::from_level)),
        ),
        is_race: Some(fields.optional("is_race", boolean).unwrap_or_default()),
        notes: Some(fields.optional("notes", text(Text::parse))),
    };
    let workout_id = Some(fields.optional("workout_id", uuid(WorkoutId)));
    refuse_read_only(fields, &READ_ONLY);
    ReadRun { revision, workout_id, duration_field: duration_field(fields) }
}

/// The day of a run: said, or the one on which it began. Both must agree.
fn day(fields: &mut Fields<'_>, started_at: Option<DateTime<FixedOffset>>) -> Option<NaiveDate> {
    let stated = fields.optional(DATE, date);
    let began_on = started_at.map(|at| at.date_naive());
    if stated.zip(began_on).is_some_and(|(stated, began_on)| stated != began_on) {
        fields.refuse(START, Violation::new("another_day", "must be on actual_date"));
    }
    stated.or(began_on)
}

/// How long a run took, in seconds or in minutes. Both must agree.
fn duration(fields: &mut Fields<'_>) -> Option<Seconds> {
    let seconds = fields.optional(SECONDS, integer(Seconds::from_seconds));
    let minutes = fields.optional(MINUTES, number(Seconds::from_minutes));
    // To the second: answers give minutes with two decimals, which is not far enough from the truth to matter.
    if seconds.zip(minutes).is_some_and(|(seconds, minutes)| seconds != minutes) {
        fields.refuse(
            MINUTES,
            Violation::new("another_duration", "must be as long as duration_seconds"),
        );
    }
    seconds.or(minutes)
}

/// Refuses `field` when neither it nor the one that may stand for it is there.
fn require(fields: &mut Fields<'_>, there: bool, field: &str, or: &str) {
    if !there && !fields.is_refused(field) && !fields.is_refused(or) {
        fields.refuse(field, Violation::new("required", format!("is required, or {or}")));
    }
}

fn duration_field(fields: &Fields<'_>) -> &'static str {
    if fields.has(MINUTES) && !fields.has(SECONDS) { MINUTES } else { SECONDS }
}

fn started(value: &serde_json::Value) -> Result<DateTime<FixedOffset>, Violation> {
    // To the microsecond, as it is stored.
    instant(value).map(|at| at.trunc_subsecs(6))
}
