//! Quantities as they are printed: in the runner's unit, and with the language's decimals.

use domain::plan_export::Units;

use crate::messages::Messages;

/// Tenths of a millimetre in a mile, by definition.
const MILE: i64 = 16_093_440;
const KILOMETRE: i64 = 10_000_000;

pub(crate) struct Quantities<'a> {
    pub(crate) units: Units,
    pub(crate) messages: &'a Messages,
}

impl Quantities<'_> {
    /// In the unit, up to two decimals: the same figure as the API's in kilometres.
    pub(crate) fn distance(&self, metres: i64) -> String {
        let hundredths = (metres * 10_000 * 200 + self.unit()) / (2 * self.unit());
        let (whole, part) = (hundredths / 100, hundredths % 100);
        let decimal = &self.messages.decimal;
        match part {
            0 => whole.to_string(),
            part if part % 10 == 0 => format!("{whole}{decimal}{}", part / 10),
            part => format!("{whole}{decimal}{part:02}"),
        }
    }

    /// `10 km`
    pub(crate) fn distance_with_unit(&self, metres: i64) -> String {
        format!("{}\u{a0}{}", self.distance(metres), self.units.as_str())
    }

    /// `45 min`, `1 h 05 min`
    pub(crate) fn duration(&self, minutes: i64) -> String {
        match (minutes / 60, minutes % 60) {
            (0, minutes) => format!("{minutes}\u{a0}min"),
            (hours, 0) => format!("{hours}\u{a0}h"),
            (hours, minutes) => format!("{hours}\u{a0}h\u{a0}{minutes:02}"),
        }
    }

    /// `4:30–4:45 /km`
    pub(crate) fn pace(&self, fast_s_per_km: i64, slow_s_per_km: i64) -> String {
        let (fast, slow) = (self.clock(fast_s_per_km), self.clock(slow_s_per_km));
        let unit = self.units.as_str();
        if fast == slow {
            format!("{fast}\u{a0}/{unit}")
        } else {
            format!("{fast}–{slow}\u{a0}/{unit}")
        }
    }

    /// The pace of a run.
    pub(crate) fn pace_of(&self, metres: i64, seconds: i64) -> Option<String> {
        let metres = (metres > 0).then_some(metres)?;
        let seconds = (2 * seconds * self.unit() + metres * 10_000) / (2 * metres * 10_000);
        Some(format!("{}:{:02}\u{a0}/{}", seconds / 60, seconds % 60, self.units.as_str()))
    }

    fn clock(&self, s_per_km: i64) -> String {
        let seconds = (2 * s_per_km * self.unit() + KILOMETRE) / (2 * KILOMETRE);
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }

    fn unit(&self) -> i64 {
        match self.units {
            Units::Kilometres => KILOMETRE,
            Units::Miles => MILE,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::plan_export::Language;

    use super::*;

    fn quantities(units: Units, language: Language) -> Quantities<'static> {
        Quantities { units, messages: Messages::of(language) }
    }

    #[test]
    fn distances_and_paces_are_in_the_unit() {
        let km = quantities(Units::Kilometres, Language::English);
        assert_eq!(
            ["10", "8.05", "42.2", "0.01", "51.01"],
            [10_000, 8_050, 42_195, 10, 51_005].map(|m| km.distance(m))
        );
        assert_eq!(km.pace(270, 285), "4:30–4:45\u{a0}/km");
        assert_eq!(km.pace(300, 300), "5:00\u{a0}/km");
        assert_eq!(km.pace_of(10_000, 3_029).unwrap(), "5:03\u{a0}/km");
        let mi = quantities(Units::Miles, Language::English);
        assert_eq!(["6.21", "26.22", "1"], [10_000, 42_195, 1_609].map(|m| mi.distance(m)));
        assert_eq!(mi.pace(270, 285), "7:15–7:39\u{a0}/mi");
        assert_eq!(mi.pace_of(0, 10), None);
        assert_eq!(
            quantities(Units::Kilometres, Language::German).distance_with_unit(8_050),
            "8,05\u{a0}km"
        );
    }

    #[test]
    fn durations_are_in_hours_and_minutes() {
        let km = quantities(Units::Kilometres, Language::English);
        assert_eq!(
            ["45 min", "1 h", "1 h 05"],
            [45, 60, 65].map(|m| km.duration(m).replace('\u{a0}', " "))
        );
    }
}
