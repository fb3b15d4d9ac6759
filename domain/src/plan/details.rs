use chrono::{Days, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workout::lies_within;
use crate::{Distance, FieldViolation, Name, Text, Violation};

/// The longest plan, first and last day counted.
const MAX_DAYS: i64 = 366;

/// What a plan says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanDetails {
    /// What it is called.
    pub name: Name,
    /// What it is about.
    pub description: Option<Text>,
    /// Its first day.
    pub start_date: NaiveDate,
    /// Its last day.
    pub end_date: NaiveDate,
    /// The day of the race it leads to.
    pub goal_race_date: Option<NaiveDate>,
    /// How long that race is.
    pub goal_race_distance_m: Option<Distance>,
}

impl PlanDetails {
    /// How many days it spans, first and last counted.
    #[must_use]
    pub fn duration_days(&self) -> i64 {
        (self.end_date - self.start_date).num_days() + 1
    }

    /// Every rule between its fields that it breaks.
    #[must_use]
    pub fn violations(&self) -> Vec<FieldViolation> {
        dates_violation(self.start_date, self.end_date)
            .into_iter()
            .chain(goal_violation(self.goal_race_date, self.start_date, self.end_date))
            .collect()
    }

    /// Whether a day lies within it.
    #[must_use]
    pub fn spans(&self, day: NaiveDate) -> bool {
        lies_within(day, self.start_date, self.end_date)
    }
}

/// What is wrong with a plan's first and last day, if anything.
#[must_use]
pub fn dates_violation(start: NaiveDate, end: NaiveDate) -> Option<FieldViolation> {
    if end <= start {
        return Some(Violation::new("before_start", "must be after start_date").of("end_date"));
    }
    if start.checked_add_days(Days::new(MAX_DAYS as u64 - 1)).is_some_and(|last| end > last) {
        return Some(
            Violation::new("too_long", format!("must be within {MAX_DAYS} days of start_date"))
                .of("end_date"),
        );
    }
    None
}

/// What is wrong with a goal race's day in a plan from `start` to `end`, if anything.
#[must_use]
pub fn goal_violation(
    goal: Option<NaiveDate>,
    start: NaiveDate,
    end: NaiveDate,
) -> Option<FieldViolation> {
    goal.filter(|day| !lies_within(*day, start, end))
        .map(|_| Violation::new("outside_plan", "must lie within the plan").of("goal_race_date"))
}
