use std::str::FromStr;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Distance, Minutes, Name, PaceRange, Text};

/// A word that is none of those allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the allowed words")]
pub struct UnknownWord;

/// What kind of training a workout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkoutType {
    /// A relaxed run.
    EasyRun,
    /// A very easy run after a hard day.
    Recovery,
    /// The week's longest run.
    LongRun,
    /// A steady, comfortably hard run.
    Tempo,
    /// Fast repeats with rests.
    Intervals,
    /// Fast repeats uphill.
    HillRepeats,
    /// Play with speed.
    Fartlek,
    /// A run at the goal race's pace.
    RacePace,
    /// The race.
    Race,
    /// Another sport.
    CrossTraining,
    /// Strength training.
    Strength,
    /// No training.
    Rest,
}

impl WorkoutType {
    /// Every type.
    pub const ALL: [Self; 12] = [
        Self::EasyRun,
        Self::Recovery,
        Self::LongRun,
        Self::Tempo,
        Self::Intervals,
        Self::HillRepeats,
        Self::Fartlek,
        Self::RacePace,
        Self::Race,
        Self::CrossTraining,
        Self::Strength,
        Self::Rest,
    ];

    /// The word in requests, answers and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EasyRun => "easy_run",
            Self::Recovery => "recovery",
            Self::LongRun => "long_run",
            Self::Tempo => "tempo",
            Self::Intervals => "intervals",
            Self::HillRepeats => "hill_repeats",
            Self::Fartlek => "fartlek",
            Self::RacePace => "race_pace",
            Self::Race => "race",
            Self::CrossTraining => "cross_training",
            Self::Strength => "strength",
            Self::Rest => "rest",
        }
    }
}

impl FromStr for WorkoutType {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|workout_type| workout_type.as_str() == word).ok_or(UnknownWord)
    }
}

/// Where a workout stands. That one is missed follows from the day it is asked on, so it is not
/// stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkoutStatus {
    /// To be done.
    #[default]
    Planned,
    /// Done, by a run.
    Completed,
    /// Left out on purpose.
    Skipped,
}

impl WorkoutStatus {
    /// The word in tables and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
        }
    }
}

/// What a workout asks for, apart from its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutContent {
    /// What it is called.
    pub name: Name,
    /// What kind of training it is.
    pub workout_type: WorkoutType,
    /// How to do it.
    pub description: Option<Text>,
    /// How far.
    pub distance_m: Option<Distance>,
    /// How long.
    pub duration_minutes: Option<Minutes>,
    /// How fast.
    pub target_pace_s_per_km: Option<PaceRange>,
}

/// The days a plan spans, both counted.
#[must_use]
pub(super) fn lies_within(day: NaiveDate, start: NaiveDate, end: NaiveDate) -> bool {
    (start..=end).contains(&day)
}
