use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a coach may do for an athlete. Each includes those before it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CoachScope {
    /// Sees plans, workouts, runs and what they add up to.
    View,
    /// Changes plans and workouts.
    Plan,
    /// Changes runs.
    Full,
}

impl CoachScope {
    /// Every scope, the smallest first.
    pub const ALL: [Self; 3] = [Self::View, Self::Plan, Self::Full];

    /// The word in requests and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Plan => "plan",
            Self::Full => "full",
        }
    }

    /// The scope with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}
