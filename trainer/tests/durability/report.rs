//! What a long run has survived.

use std::collections::BTreeMap;
use std::fmt;

use crate::scene::{Checked, Survived};

/// What was survived: the test fails at the first thing that is not as it must be.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lives: u64,
    /// How often what happened, in words.
    rounds: BTreeMap<&'static str, u64>,
    acknowledged: u64,
    contended: u64,
    outdated: u64,
    unanswered: usize,
    done: usize,
    events: i64,
    /// How many events there were after the last round of this life.
    events_of_life: i64,
}

impl Report {
    /// Something has happened, and everything was as it must be.
    pub(crate) fn add(&mut self, what: &'static str, survived: Survived, checked: Checked) {
        *self.rounds.entry(what).or_default() += 1;
        self.acknowledged += survived.acknowledged;
        self.contended += survived.contended;
        self.outdated += survived.outdated;
        self.unanswered += checked.unanswered;
        self.done += checked.done;
        self.events += checked.events - self.events_of_life;
        self.events_of_life = checked.events;
    }

    /// It begins anew on new data.
    pub(crate) fn life_is_over(&mut self) {
        self.lives += 1;
        self.events_of_life = 0;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds: u64 = self.rounds.values().sum();
        writeln!(f, "survived {rounds} blows in {} lives", self.lives)?;
        for (what, times) in &self.rounds {
            writeln!(f, "{times:>9} {what}")?;
        }
        writeln!(f, "{:>9} writes acknowledged, in {} events", self.acknowledged, self.events)?;
        writeln!(f, "{:>9} writes that lost every race, and did nothing", self.contended)?;
        writeln!(f, "{:>9} writes that meant an outdated version, and did nothing", self.outdated)?;
        writeln!(
            f,
            "{:>9} writes without an answer, of which {} were done",
            self.unanswered, self.done
        )?;
        write!(f, "        no violation")
    }
}
