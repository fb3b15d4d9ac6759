use std::ops::RangeInclusive;

use super::Fault;

/// Positions that are missing, and whether erasures explain them: whoever is erased leaves gaps before their tombstone.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// The last ones that no tombstone has followed yet: the number of the event behind them, and which.
    open: Option<(u64, RangeInclusive<i64>)>,
}

impl Gaps {
    /// Takes note of the event with this number, at `position` behind `after`.
    pub(super) fn pass(&mut self, number: u64, after: i64, position: i64) {
        if position > after + 1 && self.open.is_none() {
            self.open = Some((number, after + 1..=position - 1));
        }
    }

    /// What lies before is explained.
    pub(super) fn explained(&mut self) {
        self.open = None;
    }

    /// The first of those that nothing explains.
    pub(super) fn fault(self) -> Option<(u64, Fault)> {
        self.open.map(|(number, missing)| (number, Fault::Missing { missing }))
    }
}
