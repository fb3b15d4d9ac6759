use serde::{Deserialize, Serialize};

use super::UnknownWord;

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// Being written.
    #[default]
    Draft,
    /// Being trained by.
    Active,
    /// Done.
    Completed,
    /// Given up; may be taken up again.
    Abandoned,
}

impl PlanStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Active, Self::Completed, Self::Abandoned];

    /// The word in requests, answers and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether a plan may go from this status to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft | Self::Abandoned, Self::Active)
                | (Self::Active, Self::Completed | Self::Abandoned)
        )
    }
}

impl std::str::FromStr for PlanStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == word).ok_or(UnknownWord)
    }
}
