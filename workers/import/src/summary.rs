use std::collections::BTreeMap;
use std::fmt;

use crate::runs::Place;

/// What an import of runs did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportSummary {
    /// Runs that are new.
    pub recorded: u64,
    /// Runs that had been recorded before.
    pub already_there: u64,
    /// Rows that are no runs, counted by what they are.
    pub skipped_by_reason: BTreeMap<String, u64>,
    /// Rows that could not be taken, and why.
    pub bad: Vec<(Place, String)>,
}

impl ImportSummary {
    /// Counts a row that is no run.
    pub fn skip(&mut self, reason: String) {
        *self.skipped_by_reason.entry(reason).or_default() += 1;
    }

    /// Remembers a row that could not be taken.
    pub fn refuse(&mut self, place: Place, reason: String) {
        self.bad.push((place, reason));
    }

    /// How many rows were no runs.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped_by_reason.values().sum()
    }
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        write!(f, "{} recorded, {} already there", Runs(self.recorded), self.already_there)?;
        if !self.skipped_by_reason.is_empty() {
            // The most frequent first, of equals by name.
            let mut reasons: Vec<_> = self.skipped_by_reason.iter().collect();
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let reasons: Vec<_> =
                reasons.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            write!(f, "\n{} skipped, not runs: {}", self.skipped(), reasons.join(", "))?;
        }
        if !self.bad.is_empty() {
            let rows = if self.bad.len() == 1 { "row" } else { "rows" };
            write!(f, "\n{} bad {rows}:", self.bad.len())?;
        }
        for (place, reason) in self.bad.iter().take(SHOWN) {
            write!(f, "\n  {place}: {reason}")?;
        }
        if self.bad.len() > SHOWN {
            write!(f, "\n  … and {} more", self.bad.len() - SHOWN)?;
        }
        Ok(())
    }
}

struct Runs(u64);

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} run{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_reads_as_a_few_lines() {
        let mut summary =
            ImportSummary { recorded: 1, already_there: 2, ..ImportSummary::default() };
        assert_eq!(summary.to_string(), "1 run recorded, 2 already there");

        for reason in ["Walk", "Ride", "Walk"] {
            summary.skip(reason.to_owned());
        }
        summary.refuse(Place { line: 3, entry: 2 }, "the distance is zero".to_owned());
        assert_eq!(
            summary.to_string(),
            "1 run recorded, 2 already there\n3 skipped, not runs: 2 Walk, 1 Ride\n1 bad row:\n  line 3 (entry 2): the distance is zero"
        );
    }

    #[test]
    fn a_long_list_of_bad_rows_is_cut() {
        let mut summary = ImportSummary::default();
        for entry in 1..=25 {
            summary.refuse(Place { line: entry, entry }, "bad".to_owned());
        }
        assert_eq!(summary.to_string().lines().count(), 1 + 1 + 20 + 1);
        assert!(summary.to_string().ends_with("… and 5 more"));
    }
}
