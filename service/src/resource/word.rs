use std::str::FromStr;

use chrono::NaiveDate;
use domain::plan::{PlanStatus, UnknownWord, WorkoutStatus, WorkoutType};
use domain::run::Source;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// Where a workout stands, as its runner sees it on a given day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkoutState {
    /// To be done.
    Planned,
    /// Done, by a run.
    Completed,
    /// Left out on purpose.
    Skipped,
    /// To be done on a day that is past.
    Missed,
}

impl WorkoutState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Completed, Self::Skipped, Self::Missed];

    /// The state of a workout with this status and day, asked for on `today` (the date in UTC).
    #[must_use]
    pub fn on(today: NaiveDate, status: WorkoutStatus, scheduled_date: Option<NaiveDate>) -> Self {
        match status {
            WorkoutStatus::Planned if scheduled_date.is_some_and(|day| day < today) => Self::Missed,
            WorkoutStatus::Planned => Self::Planned,
            WorkoutStatus::Completed => Self::Completed,
            WorkoutStatus::Skipped => Self::Skipped,
        }
    }

    /// The word in requests and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
        }
    }
}

impl FromStr for WorkoutState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == word).ok_or(UnknownWord)
    }
}

/// The words of a plan's `status`, for OpenAPI.
#[must_use]
pub fn plan_status_schema() -> Object {
    one_of("Where the plan stands", PlanStatus::ALL.map(PlanStatus::as_str))
}

/// The words of a workout's `workout_type`, for OpenAPI.
#[must_use]
pub fn workout_type_schema() -> Object {
    one_of("What kind of training it is", WorkoutType::ALL.map(WorkoutType::as_str))
}

/// The words of a workout's `status`, for OpenAPI.
#[must_use]
pub fn workout_state_schema() -> Object {
    let description =
        "Where the workout stands; `missed` when it is planned for a day before today (UTC)";
    one_of(description, WorkoutState::ALL.map(WorkoutState::as_str))
}

/// The words of a run's `source`, for OpenAPI.
#[must_use]
pub fn run_source_schema() -> Object {
    one_of("Where the run came from", Source::ALL.map(Source::as_str))
}

fn one_of<const N: usize>(description: &str, words: [&'static str; N]) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(words))
        .build()
}
