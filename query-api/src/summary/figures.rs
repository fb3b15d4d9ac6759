use chrono::NaiveDate;
use domain::run::average_pace;
use serde::{Deserialize, Serialize};
use service::resource::minutes;
use utoipa::ToSchema;

use super::streaks::Streaks;
use super::totals::{PeriodTotals, Totals};

/// What a runner's runs add up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// How many runs.
    pub total_runs: i64,
    /// How far together, in kilometres, two decimals.
    pub total_distance_km: f64,
    /// How long together, in minutes, two decimals.
    pub total_duration_minutes: f64,
    /// Minutes per kilometre over all of it, two decimals; null without a run.
    pub average_pace: Option<f64>,
    /// How far a run goes on average, in kilometres, two decimals.
    pub average_distance_km: f64,
    /// How far the longest run went, in kilometres, two decimals.
    pub longest_run_km: f64,
    /// Metres climbed together.
    pub total_elevation_gain_m: i64,
    /// Runs a week, two decimals, over the ISO weeks from the first run's to the last run's.
    pub runs_per_week: f64,
    /// ISO weeks in a row with a run, up to this week or, while it has none, up to the last. With `to` in the past,
    /// counted as of that day.
    pub current_streak_weeks: i64,
    /// The most ISO weeks in a row with a run.
    pub longest_streak_weeks: i64,
    /// The ISO weeks with a run, oldest first.
    pub by_week: Vec<RunPeriod>,
    /// The calendar months with a run, oldest first.
    pub by_month: Vec<RunPeriod>,
}

/// What the runs of one week or month add up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunPeriod {
    /// The week's Monday, or the month's first day.
    pub start_date: NaiveDate,
    /// How many runs.
    pub runs: i64,
    /// How far together, in kilometres, two decimals.
    pub distance_km: f64,
    /// How long together, in minutes, two decimals.
    pub duration_minutes: f64,
}

impl Summary {
    /// As it reads on `today`.
    pub(super) fn of(totals: &Totals, today: NaiveDate) -> Self {
        let sum = |figure: fn(&PeriodTotals) -> i64| totals.weeks.iter().map(figure).sum::<i64>();
        let total_runs = sum(|week| week.runs);
        let metres = sum(|week| week.distance_m);
        let seconds = sum(|week| week.duration_s);
        let streaks = Streaks::of(totals.weeks.iter().map(|week| week.start_date), today);
        Self {
            total_runs,
            total_distance_km: short_kilometres(metres),
            total_duration_minutes: minutes(seconds),
            average_pace: average_pace(metres, seconds).map(|pace| pace.minutes_per_km()),
            average_distance_km: two_decimals(metres, 1_000 * total_runs),
            longest_run_km: short_kilometres(totals.longest_run_m),
            total_elevation_gain_m: sum(|week| week.elevation_gain_m),
            runs_per_week: two_decimals(total_runs, weeks_spanned(&totals.weeks)),
            current_streak_weeks: streaks.current,
            longest_streak_weeks: streaks.longest,
            by_week: totals.weeks.iter().map(RunPeriod::of).collect(),
            by_month: totals.months.iter().map(RunPeriod::of).collect(),
        }
    }
}

impl RunPeriod {
    fn of(totals: &PeriodTotals) -> Self {
        Self {
            start_date: totals.start_date,
            runs: totals.runs,
            distance_km: short_kilometres(totals.distance_m),
            duration_minutes: minutes(totals.duration_s),
        }
    }
}

/// How many weeks lie between the first and the last, both counted.
fn weeks_spanned(weeks: &[PeriodTotals]) -> i64 {
    match (weeks.first(), weeks.last()) {
        (Some(first), Some(last)) => (last.start_date - first.start_date).num_weeks() + 1,
        (Some(_) | None, Some(_) | None) => 0,
    }
}

/// Kilometres with the two decimals that summed distances have.
pub(crate) fn short_kilometres(metres: i64) -> f64 {
    two_decimals(metres, 1_000)
}

/// A ratio of whole numbers that are not negative, rounded to two decimals; nothing of nothing is nothing.
fn two_decimals(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    // In whole numbers: 18,205 m are 18.205 km, for which the next double is below the half.
    let hundredths = (200 * part + whole) / (2 * whole);
    hundredths as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_runs_add_up_to_zero() {
        let summary = Summary::of(&Totals::default(), day("2026-04-15"));
        let zeros = Summary {
            total_runs: 0,
            total_distance_km: 0.0,
            total_duration_minutes: 0.0,
            average_pace: None,
            average_distance_km: 0.0,
            longest_run_km: 0.0,
            total_elevation_gain_m: 0,
            runs_per_week: 0.0,
            current_streak_weeks: 0,
            longest_streak_weeks: 0,
            by_week: vec![],
            by_month: vec![],
        };
        assert_eq!(summary, zeros);
    }

    #[test]
    fn figures_add_up_and_are_rounded() {
        let totals = Totals {
            weeks: vec![
                week("2026-03-23", 2, 15_005, 4_700),
                week("2026-04-06", 1, 10_000, 3_100),
                week("2026-04-13", 4, 40_001, 12_345),
            ],
            months: vec![
                week("2026-03-01", 2, 15_005, 4_700),
                week("2026-04-01", 5, 50_001, 15_445),
            ],
            longest_run_m: 21_098,
        };
        let summary = Summary::of(&totals, day("2026-04-15"));
        assert_eq!(summary.total_runs, 7);
        assert_eq!(summary.total_distance_km, 65.01); // 65.006
        assert_eq!(summary.total_duration_minutes, 335.75); // 20,145 s
        assert_eq!(summary.average_pace, Some(5.16)); // 5.1649…
        assert_eq!(summary.average_distance_km, 9.29); // 9.2866
        assert_eq!(summary.longest_run_km, 21.1);
        assert_eq!(summary.total_elevation_gain_m, 70);
        assert_eq!(summary.runs_per_week, 1.75); // 7 in 4 weeks, one of them empty
        assert_eq!((summary.current_streak_weeks, summary.longest_streak_weeks), (2, 2));
        assert_eq!(
            summary.by_week[0],
            RunPeriod {
                start_date: day("2026-03-23"),
                runs: 2,
                distance_km: 15.01,
                duration_minutes: 78.33
            }
        );
        assert_eq!(summary.by_month.iter().map(|month| month.runs).collect::<Vec<_>>(), [2, 5]);
    }

    #[test]
    fn halves_are_rounded_up() {
        for (metres, kilometres) in
            [(5, 0.01), (4, 0.0), (1_005, 1.01), (18_205, 18.21), (1_115, 1.12)]
        {
            assert_eq!(short_kilometres(metres), kilometres, "{metres}");
        }
    }

    #[test]
    fn weeks_are_counted_over_the_end_of_the_year() {
        let weeks = [week("2026-12-21", 1, 1_000, 300), week("2027-01-04", 1, 1_000, 300)];
        assert_eq!(weeks_spanned(&weeks), 3);
        assert_eq!(weeks_spanned(&weeks[..1]), 1);
        assert_eq!(weeks_spanned(&[]), 0);
    }

    fn week(start_date: &str, runs: i64, distance_m: i64, duration_s: i64) -> PeriodTotals {
        PeriodTotals {
            start_date: day(start_date),
            runs,
            distance_m,
            duration_s,
            elevation_gain_m: runs * 10,
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }
}
