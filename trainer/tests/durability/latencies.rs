//! How long answers took.

use std::fmt;
use std::iter::Sum;
use std::time::Duration;

/// While NATS was there, away, or there again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Before,
    Away,
    After,
}

/// A write or a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Write,
    Read,
}

#[derive(Debug, Default)]
pub(crate) struct Latencies {
    pub(crate) requests: Vec<(Phase, Request, Duration)>,
    /// Writes that were answered before they were shown.
    pub(crate) pending: usize,
    /// Reads that were stale, said so, and were asked again.
    pub(crate) stale: u64,
}

impl Latencies {
    /// How many requests there were in a phase.
    pub(crate) fn count(&self, phase: Phase) -> usize {
        self.requests.iter().filter(|(when, _, _)| *when == phase).count()
    }
}

impl Sum for Latencies {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.requests.extend(one.requests);
            sum.pending += one.pending;
            sum.stale += one.stale;
            sum
        })
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for phase in [Phase::Before, Phase::Away, Phase::After] {
            for request in [Request::Write, Request::Read] {
                let fitting = self
                    .requests
                    .iter()
                    .filter(|(when, what, _)| (*when, *what) == (phase, request));
                let mut times: Vec<_> = fitting.map(|(_, _, time)| *time).collect();
                times.sort_unstable();
                let Some(longest) = times.last() else { continue };
                let [half, most] = [50, 99].map(|percent| times[(times.len() - 1) * percent / 100]);
                writeln!(
                    f,
                    "{:>8} {phase:?} {request:?}: p50 {half:.1?}, p99 {most:.1?}, max {longest:.1?}",
                    times.len()
                )?;
            }
        }
        writeln!(f, "{:>8} writes answered before they were shown", self.pending)
    }
}
