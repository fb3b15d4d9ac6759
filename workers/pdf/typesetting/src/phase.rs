//! Which part of the training a week belongs to, told from the plan itself.

use chrono::NaiveDate;
use serde::Serialize;

/// A part of the training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Before the first fast workout.
    Base,
    /// From the first fast workout on.
    Build,
    /// The longest weeks of the second half.
    Peak,
    /// Clearly shorter than the week before.
    Recovery,
    /// The shorter weeks before the race week, three at most.
    Taper,
    /// The week of the goal race.
    Race,
}

impl Phase {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Build => "build",
            Self::Peak => "peak",
            Self::Recovery => "recovery",
            Self::Taper => "taper",
            Self::Race => "race",
        }
    }
}

/// What a week is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeekLoad {
    pub(crate) first: NaiveDate,
    pub(crate) last: NaiveDate,
    pub(crate) planned_m: i64,
    /// Whether it has a fast workout.
    pub(crate) fast: bool,
}

const LONGEST_TAPER: usize = 3;

/// The phase of each week; none where nothing is planned.
pub(crate) fn phases(weeks: &[WeekLoad], goal: Option<NaiveDate>) -> Vec<Option<Phase>> {
    let race = goal
        .and_then(|goal| weeks.iter().position(|week| (week.first..=week.last).contains(&goal)));
    let before_race = &weeks[..race.unwrap_or(weeks.len())];
    let most = before_race.iter().map(|week| week.planned_m).max().unwrap_or(0);
    let taper = if race.is_some() {
        let shorter = before_race.iter().rev().take(LONGEST_TAPER);
        shorter.take_while(|week| week.planned_m * 100 < most * 85).count()
    } else {
        0
    };
    let taper_from = before_race.len() - taper;
    let fast_from = weeks.iter().position(|week| week.fast).unwrap_or(weeks.len());
    let mut full_week_m = 0;
    weeks
        .iter()
        .enumerate()
        .map(|(at, week)| {
            if race == Some(at) {
                return Some(Phase::Race);
            }
            if week.planned_m == 0 {
                return None;
            }
            if race.is_some_and(|race| at > race)
                || (at < taper_from && week.planned_m * 100 < full_week_m * 80)
            {
                return Some(Phase::Recovery);
            }
            if at >= taper_from && race.is_some() {
                return Some(Phase::Taper);
            }
            full_week_m = week.planned_m;
            let late = 2 * at >= before_race.len();
            Some(match () {
                () if late && week.planned_m * 100 >= most * 95 => Phase::Peak,
                () if at >= fast_from => Phase::Build,
                () => Phase::Base,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;

    #[test]
    fn a_plan_builds_peaks_and_tapers_to_its_race() {
        let first = "2027-03-01".parse::<NaiveDate>().unwrap();
        let week = |(at, km): (u64, i64)| WeekLoad {
            first: first + Days::new(7 * at),
            last: first + Days::new(7 * at + 6),
            planned_m: km * 1000,
            fast: at >= 2,
        };
        let weeks =
            (0..).zip([30, 35, 40, 30, 45, 50, 50, 40, 30, 20]).map(week).collect::<Vec<_>>();
        let told = |goal| {
            phases(&weeks, goal)
                .into_iter()
                .map(|phase| phase.map(Phase::as_str))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(Some(weeks[9].last)),
            [
                "base", "base", "build", "recovery", "build", "peak", "peak", "taper", "taper",
                "race"
            ]
            .map(Some)
        );
        assert_eq!(told(None)[7..], [Some("build"), Some("recovery"), Some("recovery")]);
        let empty = phases(&[WeekLoad { planned_m: 0, fast: false, ..weeks[0] }], None);
        assert_eq!(empty, [None]);
        assert_eq!(phases(&[], None), []);
    }
}
