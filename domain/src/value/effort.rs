use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Violation;

/// Heart beats per minute, 20 to 260.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Heartbeat(u16);

impl Heartbeat {
    /// Takes beats per minute from outside.
    ///
    /// # Errors
    /// When not between 20 and 260.
    pub fn from_bpm(bpm: i64) -> Result<Self, Violation> {
        u16::try_from(bpm)
            .ok()
            .filter(|bpm| (20..=260).contains(bpm))
            .map(Self)
            .ok_or_else(|| Violation::out_of_range(20, 260))
    }

    /// In beats per minute.
    #[must_use]
    pub fn bpm(self) -> u16 {
        self.0
    }
}

/// How hard a run felt, 1 (very easy) to 10 (everything).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PerceivedEffort(u8);

impl PerceivedEffort {
    /// Takes an effort from outside.
    ///
    /// # Errors
    /// When not between 1 and 10.
    pub fn from_level(level: i64) -> Result<Self, Violation> {
        u8::try_from(level)
            .ok()
            .filter(|level| (1..=10).contains(level))
            .map(Self)
            .ok_or_else(|| Violation::out_of_range(1, 10))
    }

    /// 1 to 10.
    #[must_use]
    pub fn level(self) -> u8 {
        self.0
    }
}
