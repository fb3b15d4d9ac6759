use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Violation;

/// How long a run took, in whole seconds: 1 second to 7 days.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Seconds(u32);

impl Seconds {
    const MAX: u32 = 7 * 24 * 3600;

    /// Takes seconds from outside.
    ///
    /// # Errors
    /// When not between 1 second and 7 days.
    pub fn from_seconds(seconds: i64) -> Result<Self, Violation> {
        u32::try_from(seconds)
            .ok()
            .filter(|seconds| (1..=Self::MAX).contains(seconds))
            .map(Self)
            .ok_or_else(|| Violation::out_of_range(1, Self::MAX))
    }

    /// Takes minutes, fractions allowed, rounded to the second.
    ///
    /// # Errors
    /// When not between 1 second and 7 days.
    pub fn from_minutes(minutes: f64) -> Result<Self, Violation> {
        let seconds = (minutes * 60.0).round();
        if !(1.0..=f64::from(Self::MAX)).contains(&seconds) {
            return Err(Violation::new("out_of_range", "must be between 1 second and 7 days"));
        }
        Ok(Self(seconds as u32))
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// How long a workout is meant to take, in whole minutes: 1 to 10,080 (a week).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Minutes(u32);

impl Minutes {
    /// Takes minutes from outside.
    ///
    /// # Errors
    /// When not between 1 and 10,080.
    pub fn from_minutes(minutes: i64) -> Result<Self, Violation> {
        u32::try_from(minutes)
            .ok()
            .filter(|minutes| (1..=10_080).contains(minutes))
            .map(Self)
            .ok_or_else(|| Violation::out_of_range(1, 10_080))
    }

    /// In minutes.
    #[must_use]
    pub fn minutes(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runs_duration_has_bounds() {
        assert_eq!(Seconds::from_minutes(25.5).map(Seconds::seconds), Ok(1530));
        assert_eq!(Seconds::from_seconds(604_800).map(Seconds::seconds), Ok(604_800));
        assert!(Seconds::from_seconds(604_801).is_err());
        assert!(Seconds::from_seconds(0).is_err());
        assert!(Seconds::from_minutes(0.001).is_err());
        assert!(Seconds::from_minutes(f64::NAN).is_err());
    }

    #[test]
    fn a_workouts_duration_has_bounds() {
        assert_eq!(Minutes::from_minutes(10_080).map(Minutes::minutes), Ok(10_080));
        assert!(Minutes::from_minutes(0).is_err());
        assert!(Minutes::from_minutes(10_081).is_err());
    }
}
