use std::fmt;

use crate::{Distance, Seconds};

/// An average pace: time per kilometre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    seconds_per_km: f64,
}

impl Pace {
    /// In seconds per kilometre.
    #[must_use]
    pub fn seconds_per_km(self) -> f64 {
        self.seconds_per_km
    }

    /// In minutes per kilometre, two decimals.
    #[must_use]
    pub fn minutes_per_km(self) -> f64 {
        (self.seconds_per_km / 60.0 * 100.0).round() / 100.0
    }
}

/// The pace of a distance run in a time; `None` for no distance.
#[must_use]
pub fn average_pace(metres: i64, seconds: i64) -> Option<Pace> {
    (metres > 0).then(|| Pace { seconds_per_km: seconds as f64 * 1000.0 / metres as f64 })
}

impl fmt::Display for Pace {
    /// `5:03/km`, rounded to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds_per_km.round() as i64;
        write!(f, "{}:{:02}/km", seconds / 60, seconds % 60)
    }
}

/// Whether a run's average is between 2:00/km and 60:00/km, what a person on foot can do.
pub(super) fn is_plausible(distance: Distance, duration: Seconds) -> bool {
    // Compared in whole numbers: exactly 2:00/km is allowed.
    let (metres, milliseconds) =
        (u64::from(distance.metres()), u64::from(duration.seconds()) * 1000);
    (metres * 120..=metres * 3600).contains(&milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_reads_as_minutes_and_seconds() {
        let pace = average_pace(10_000, 3_029).expect("a distance");
        assert_eq!(pace.to_string(), "5:03/km");
        assert_eq!(pace.minutes_per_km(), 5.05);
        assert_eq!(
            average_pace(1_000, 359).map(|pace| pace.to_string()),
            Some("5:59/km".to_owned())
        );
        assert_eq!(average_pace(3, 1).map(|pace| pace.to_string()), Some("5:33/km".to_owned()));
        assert_eq!(average_pace(0, 100), None);
    }
}
