use std::fmt;

/// The unit a runner thinks in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Kilometres.
    #[default]
    Km,
    /// Miles.
    Mi,
}

impl Unit {
    /// The word after a number, and in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Km => "km",
            Self::Mi => "mi",
        }
    }

    /// How many kilometres one of it is.
    pub(super) fn km(self) -> f64 {
        match self {
            Self::Km => 1.0,
            Self::Mi => 1.609_344,
        }
    }

    /// A number of this unit as a number of the other unit.
    pub(super) fn to(self, unit: Self, number: f64) -> f64 {
        if self == unit { number } else { number * self.km() / unit.km() }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
