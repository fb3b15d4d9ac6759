use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::UnknownWord;

/// Where a run came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Typed in.
    Manual,
    /// Read from a file.
    File,
    /// Fetched from Strava.
    Strava,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Manual, Self::File, Self::Strava];

    /// The word in requests, answers and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::File => "file",
            Self::Strava => "strava",
        }
    }
}

impl FromStr for Source {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|source| source.as_str() == word).ok_or(UnknownWord)
    }
}
