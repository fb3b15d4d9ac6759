use domain::Distance;

/// The race a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    FiveK,
    TenK,
    HalfMarathon,
    Marathon,
    FiftyK,
    HundredK,
    HundredMiles,
}

impl Goal {
    /// The race that a plan's `type` names; none for those that name no single one.
    pub(super) fn from_type(word: &str) -> Option<Self> {
        match word.trim().to_lowercase().as_str() {
            "5k" => Some(Self::FiveK),
            "10k" => Some(Self::TenK),
            "half marathon" => Some(Self::HalfMarathon),
            "marathon" => Some(Self::Marathon),
            "50k" => Some(Self::FiftyK),
            "100k" => Some(Self::HundredK),
            "100m" => Some(Self::HundredMiles),
            _ => None,
        }
    }

    /// How long that race is.
    pub(super) fn distance(self) -> Option<Distance> {
        let km = match self {
            Self::FiveK => 5.0,
            Self::TenK => 10.0,
            Self::HalfMarathon => 21.0975,
            Self::Marathon => 42.195,
            Self::FiftyK => 50.0,
            Self::HundredK => 100.0,
            Self::HundredMiles => 160.9344,
        };
        Distance::race_from_km(km).ok()
    }
}
