use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Violation;

/// A pace in seconds per kilometre, 90 to 3600.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct SecondsPerKm(u32);

impl SecondsPerKm {
    /// Takes a pace from outside.
    ///
    /// # Errors
    /// When not between 90 and 3600 s/km.
    pub fn from_seconds(seconds: i64) -> Result<Self, Violation> {
        u32::try_from(seconds)
            .ok()
            .filter(|seconds| (90..=3600).contains(seconds))
            .map(Self)
            .ok_or_else(|| Violation::out_of_range(90, 3600))
    }

    /// In seconds per kilometre.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// The pace a workout asks for, from the fastest to the slowest that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaceRange {
    /// The faster end, the smaller number.
    pub fast: SecondsPerKm,
    /// The slower end.
    pub slow: SecondsPerKm,
}

impl PaceRange {
    /// A range from both ends.
    ///
    /// # Errors
    /// When the fast end is slower than the slow end.
    pub fn new(fast: SecondsPerKm, slow: SecondsPerKm) -> Result<Self, Violation> {
        if fast > slow {
            return Err(Violation::new(
                "fast_slower_than_slow",
                "must not be slower than target_pace_slow_s_per_km",
            ));
        }
        Ok(Self { fast, slow })
    }
}
