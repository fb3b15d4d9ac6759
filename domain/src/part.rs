use std::fmt;

use crate::OwnerId;

/// How many parts the events are spread over.
pub const PARTS: u8 = 64;

/// One of the 64 parts that events are spread over by owner: `00` to `63`.
///
/// All events of one runner are in one part, so consumers can share the work by parts and still
/// see each runner's events in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part(u8);

impl Part {
    /// The part of a runner's events.
    #[must_use]
    pub fn of(owner: OwnerId) -> Self {
        // FNV-1a: version 7 ids differ in any byte, version 5 ids in all, so every byte is mixed in.
        let hash = owner.0.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let folded = hash ^ (hash >> 32);
        Self((folded % u64::from(PARTS)) as u8)
    }

    /// The part with this number, when there is one.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| *number < PARTS).map(Self)
    }

    /// Its number, 0 to 63.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// Every part.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTS).map(Self)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_owners_part_never_changes() {
        // Stored with every event: changing this function would split a runner's events.
        let part = |owner: u128| Part::of(OwnerId(Uuid::from_u128(owner))).to_string();
        assert_eq!(part(0), "28");
        assert_eq!(part(1), "11");
        assert_eq!(part(2), "06");
        assert_eq!(part(0x0190_0000_0000_7000_8000_0000_0000_0001), "14");
        assert_eq!(part(0x0193_a1f0_0000_7000_9000_0000_0000_a11c), "26");
        assert_eq!(part(u128::MAX), "29");
    }

    #[test]
    fn owners_spread_over_all_parts() {
        let mut counts = [0_u32; PARTS as usize];
        for n in 0..6_400_u128 {
            let id = OwnerId(Uuid::from_u128(0x0193_5000_0000_7000_8000_0000_0000_0000 + n));
            counts[usize::from(Part::of(id).number())] += 1;
        }
        assert!(counts.iter().all(|count| (40..200).contains(count)), "{counts:?}");
    }
}
