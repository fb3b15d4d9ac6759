use chrono::{Datelike, Days, NaiveDate};

const WEEK: Days = Days::new(7);

/// How long a runner has kept running week after week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Streaks {
    /// The weeks up to now.
    pub(super) current: i64,
    /// The most weeks ever.
    pub(super) longest: i64,
}

impl Streaks {
    /// From the Mondays of the weeks with a run, oldest first, on `today`.
    ///
    /// The current week breaks no streak until it is over. A run of tomorrow's week, which a runner east of Greenwich
    /// may have, counts.
    pub(super) fn of(mondays: impl IntoIterator<Item = NaiveDate>, today: NaiveDate) -> Self {
        let mut latest = None;
        let (mut running, mut longest) = (0, 0);
        for monday in mondays {
            let follows =
                latest.and_then(|latest: NaiveDate| latest.checked_add_days(WEEK)) == Some(monday);
            running = if follows { running + 1 } else { 1 };
            longest = longest.max(running);
            latest = Some(monday);
        }
        let last_week = monday_of(today).checked_sub_days(WEEK);
        let current = if latest >= last_week { running } else { 0 };
        Self { current, longest }
    }
}

/// The Monday of the ISO week that a day belongs to.
pub(super) fn monday_of(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_in_a_row_make_a_streak() {
        let weeks = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-04-06", "2026-04-13"];
        assert_eq!(streaks(&weeks, "2026-04-15"), Streaks { current: 2, longest: 3 });
    }

    #[test]
    fn the_week_that_runs_breaks_no_streak() {
        let weeks = ["2026-03-30", "2026-04-06"];
        for today in ["2026-04-06", "2026-04-12", "2026-04-13", "2026-04-19"] {
            assert_eq!(streaks(&weeks, today).current, 2, "{today}");
        }
        assert_eq!(streaks(&weeks, "2026-04-20"), Streaks { current: 0, longest: 2 });
    }

    #[test]
    fn a_streak_goes_over_the_end_of_the_year() {
        // 2026 has 53 ISO weeks: the last begins on 28 December, the first of 2027 on 4 January.
        let weeks = ["2026-12-21", "2026-12-28", "2027-01-04"];
        assert_eq!(streaks(&weeks, "2027-01-10"), Streaks { current: 3, longest: 3 });
    }

    #[test]
    fn a_run_of_the_coming_week_counts() {
        let weeks = ["2026-04-06", "2026-04-13"];
        assert_eq!(streaks(&weeks, "2026-04-12").current, 2, "Sunday in UTC, Monday in Auckland");
    }

    #[test]
    fn no_run_is_no_streak() {
        assert_eq!(streaks(&[], "2026-04-12"), Streaks { current: 0, longest: 0 });
    }

    #[test]
    fn a_week_begins_on_monday() {
        for day in ["2025-12-29", "2025-12-31", "2026-01-01", "2026-01-04"] {
            assert_eq!(monday_of(at(day)), at("2025-12-29"), "{day}");
        }
        assert_eq!(monday_of(at("2026-01-05")), at("2026-01-05"));
    }

    fn streaks(mondays: &[&str], today: &str) -> Streaks {
        Streaks::of(mondays.iter().map(|day| at(day)), at(today))
    }

    fn at(day: &str) -> NaiveDate {
        day.parse().expect("a day")
    }
}
