use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pace::is_plausible;
use crate::{
    Distance, Elevation, FieldViolation, Heartbeat, PerceivedEffort, Seconds, Text, Violation,
};

/// What a run was like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunDetails {
    /// The day it was run, on the runner's own calendar.
    pub actual_date: NaiveDate,
    /// When it began, with the runner's offset from UTC.
    pub started_at: Option<DateTime<FixedOffset>>,
    /// How far.
    pub distance_m: Distance,
    /// How long.
    pub duration_s: Seconds,
    /// Beats per minute on average.
    pub average_heart_rate: Option<Heartbeat>,
    /// Most beats per minute.
    pub max_heart_rate: Option<Heartbeat>,
    /// Metres climbed.
    pub elevation_gain_m: Option<Elevation>,
    /// How hard it felt.
    pub perceived_effort: Option<PerceivedEffort>,
    /// Whether it was a race.
    pub is_race: bool,
    /// What the runner says about it.
    pub notes: Option<Text>,
}

impl RunDetails {
    /// Every rule between its fields, and about the day, that it breaks.
    ///
    /// `today` is the date in UTC; a run may be a day ahead of it, for runners east of Greenwich.
    /// `duration_field` is what the client calls the duration.
    #[must_use]
    pub fn violations(&self, today: NaiveDate, duration_field: &str) -> Vec<FieldViolation> {
        let date_field = if self.started_at.is_some() { "started_at" } else { "actual_date" };
        day_violation(self.actual_date, today, date_field)
            .into_iter()
            .chain(beginning_violation(self.actual_date, self.started_at))
            .chain(pace_violation(self.distance_m, self.duration_s, duration_field))
            .chain(effort_violation(self.average_heart_rate, self.max_heart_rate))
            .collect()
    }
}

/// What is wrong with the day of a run recorded on `today` (UTC), if anything.
#[must_use]
pub fn day_violation(day: NaiveDate, today: NaiveDate, field: &str) -> Option<FieldViolation> {
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    (day > tomorrow)
        .then(|| Violation::new("in_the_future", "must not be after tomorrow").of(field))
}

/// What is wrong with a run's day beside its beginning, from which the day follows, if anything.
#[must_use]
pub fn beginning_violation(
    day: NaiveDate,
    started_at: Option<DateTime<FixedOffset>>,
) -> Option<FieldViolation> {
    started_at
        .filter(|at| at.date_naive() != day)
        .map(|_| Violation::new("other_day", "must be the day of started_at").of("actual_date"))
}

/// What is wrong with the average pace of a distance run in a time, if anything.
#[must_use]
pub fn pace_violation(
    distance: Distance,
    duration: Seconds,
    field: &str,
) -> Option<FieldViolation> {
    (!is_plausible(distance, duration)).then(|| {
        let message = "gives an average pace that is not between 2:00/km and 60:00/km";
        Violation::new("implausible_pace", message).of(field)
    })
}

/// What is wrong with two heart rates together, if anything.
#[must_use]
pub fn effort_violation(
    average: Option<Heartbeat>,
    max: Option<Heartbeat>,
) -> Option<FieldViolation> {
    average.zip(max).filter(|(average, max)| average > max).map(|_| {
        Violation::new("above_maximum", "must not be above max_heart_rate").of("average_heart_rate")
    })
}
