use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Violation;

/// A distance in whole metres.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Distance(u32);

impl Distance {
    /// A run's or workout's distance: 0.01 to 1000 km, rounded to the metre.
    ///
    /// # Errors
    /// When it is out of range or not a number.
    pub fn from_km(km: f64) -> Result<Self, Violation> {
        Self::between(km, 0.01, 1000.0)
    }

    /// A race's distance: 0.1 to 1000 km, rounded to the metre.
    ///
    /// # Errors
    /// When it is out of range or not a number.
    pub fn race_from_km(km: f64) -> Result<Self, Violation> {
        Self::between(km, 0.1, 1000.0)
    }

    fn between(km: f64, low: f64, high: f64) -> Result<Self, Violation> {
        if !(low..=high).contains(&km) {
            return Err(Violation::out_of_range(low, high));
        }
        Ok(Self((km * 1000.0).round() as u32))
    }

    /// In metres.
    #[must_use]
    pub fn metres(self) -> u32 {
        self.0
    }

    /// In kilometres, three decimals.
    #[must_use]
    pub fn km(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// Metres climbed, 0 to 20,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Elevation(u32);

impl Elevation {
    /// Takes metres from outside, rounded to the metre.
    ///
    /// # Errors
    /// When out of range or not a number.
    pub fn from_metres(metres: f64) -> Result<Self, Violation> {
        if !(0.0..=20_000.0).contains(&metres) {
            return Err(Violation::out_of_range(0, 20_000));
        }
        Ok(Self(metres.round() as u32))
    }

    /// In metres.
    #[must_use]
    pub fn metres(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_has_bounds() {
        assert_eq!(Distance::from_km(42.195).map(Distance::metres), Ok(42_195));
        assert_eq!(Distance::from_km(0.01).map(Distance::metres), Ok(10));
        assert_eq!(Distance::from_km(1000.0).map(Distance::metres), Ok(1_000_000));
        for km in [0.0, 0.009, -1.0, 1000.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Distance::from_km(km).map_err(|v| v.code), Err("out_of_range"), "{km}");
        }
        assert!(Distance::race_from_km(0.05).is_err());
    }

    #[test]
    fn elevation_has_bounds() {
        assert_eq!(Elevation::from_metres(2.9).map(Elevation::metres), Ok(3));
        assert!(Elevation::from_metres(-0.1).is_err());
        assert!(Elevation::from_metres(20_000.1).is_err());
    }
}
