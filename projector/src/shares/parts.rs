use std::fmt;

use domain::{OwnerId, PARTS, Part};

/// Some of the parts that events are spread over: a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parts(u64);

impl Parts {
    /// Every part.
    pub const ALL: Self = Self(u64::MAX);

    /// Those of a column `parts`, or of an announcement.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        Self(bits as u64)
    }

    /// As column `parts` has them.
    #[must_use]
    pub fn bits(self) -> i64 {
        self.0 as i64
    }

    /// Whether this part is one of them.
    #[must_use]
    pub fn contains(self, part: Part) -> bool {
        self.0 >> part.number() & 1 == 1
    }

    /// Whether a runner's events are in one of them.
    pub(crate) fn are_of(self, owner: OwnerId) -> bool {
        self.contains(Part::of(owner))
    }

    /// How many they are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// These and those.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These but not those.
    pub(crate) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// What to keep and what to give away, the same number of each or one less; `None` of a single part.
    #[must_use]
    pub fn halves(self) -> Option<(Self, Self)> {
        let give = self.count() / 2;
        let given = (0..PARTS)
            .rev()
            .filter(|number| self.0 >> number & 1 == 1)
            .take(give as usize)
            .fold(0, |given, number| given | 1 << number);
        (give > 0).then_some((Self(self.0 & !given), Self(given)))
    }
}

/// As ranges of part numbers: `00-15 48-63`.
impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |number: u8| number < PARTS && self.0 >> number & 1 == 1;
        let mut separator = "";
        let mut first = None;
        for number in 0..PARTS {
            if !has(number) {
                continue;
            }
            let first_of_range = *first.get_or_insert(number);
            if has(number + 1) {
                continue;
            }
            if first_of_range == number {
                write!(f, "{separator}{number:02}")?;
            } else {
                write!(f, "{separator}{first_of_range:02}-{number:02}")?;
            }
            (separator, first) = (" ", None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_all_of_it_and_share_nothing() {
        let mut parts = Parts::ALL;
        let mut counts = Vec::new();
        while let Some((kept, given)) = parts.halves() {
            assert_eq!(kept.with(given), parts);
            assert_eq!(kept.count() + given.count(), parts.count());
            assert!(kept.count() - given.count() <= 1);
            counts.push(given.count());
            parts = kept;
        }
        assert_eq!(counts, [32, 16, 8, 4, 2, 1]);
        assert_eq!(Parts::from_bits(0b101).halves(), Some((Parts(0b001), Parts(0b100))));
        assert_eq!(Parts::from_bits(Parts::ALL.bits()), Parts::ALL);
        assert_eq!(Parts::ALL.bits(), -1, "as the migration has it");
    }

    #[test]
    fn a_runner_is_in_one_half() {
        let (kept, given) = Parts::ALL.halves().expect("64 parts");
        for part in Part::all() {
            assert_ne!(kept.contains(part), given.contains(part));
        }
    }

    #[test]
    fn they_are_written_as_ranges() {
        assert_eq!(Parts::ALL.to_string(), "00-63");
        assert_eq!(Parts::from_bits(0b1011).to_string(), "00-01 03");
        assert_eq!(Parts::from_bits(i64::MIN).to_string(), "63");
    }
}
