use chrono::{Days, NaiveDate};
use domain::PlanId;
use serde::{Deserialize, Serialize};
use service::resource::WorkoutState;
use utoipa::ToSchema;
use uuid::Uuid;

use super::tally::{PlannedDay, RunDay, Tally};
use crate::summary::short_kilometres;

/// How far a plan has come. Rest days are left out of every figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanProgress {
    /// The plan.
    pub plan_id: Uuid,
    /// Its workouts: completed, skipped, missed and pending together.
    pub total_workouts: i64,
    /// Those a run fulfilled.
    pub completed_workouts: i64,
    /// Those left out on purpose.
    pub skipped_workouts: i64,
    /// Those planned for a day before today (UTC) and not done.
    pub missed_workouts: i64,
    /// Those still to be done.
    pub pending_workouts: i64,
    /// How far its workouts go together, in kilometres, two decimals.
    pub total_planned_distance_km: f64,
    /// How far the runs that fulfil its workouts went together, in kilometres, two decimals.
    pub total_actual_distance_km: f64,
    /// Completed of all workouts, per cent, one decimal; 0 without workouts.
    #[schema(minimum = 0, maximum = 100)]
    pub adherence_percentage: f64,
    /// The plan week that today (UTC) lies in, from 1; null before the plan starts, the last week after it ends.
    #[schema(minimum = 1)]
    pub current_week: Option<i64>,
    /// How many plan weeks there are.
    pub total_weeks: i64,
    /// Its weeks from its first day on. Workouts without a day, and runs outside of its days, are in none.
    pub weeks: Vec<PlanWeek>,
}

/// One week of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanWeek {
    /// Its number, from 1.
    pub week: i64,
    /// Its first day.
    pub start_date: NaiveDate,
    /// Its last day; the plan's last week may be short.
    pub end_date: NaiveDate,
    /// Workouts scheduled in it, whatever became of them.
    pub planned_workouts: i64,
    /// Those of them that a run fulfilled.
    pub completed_workouts: i64,
    /// How far its workouts go together, in kilometres, two decimals.
    pub planned_distance_km: f64,
    /// How far the plan's runs of these days went together, in kilometres, two decimals.
    pub actual_distance_km: f64,
}

impl PlanProgress {
    /// As it reads on `today` (the date in UTC).
    pub(super) fn of(plan_id: PlanId, tally: &Tally, today: NaiveDate) -> Self {
        let Tally { start_date, end_date, planned, run } = tally;
        let in_state = |wanted| {
            let days = planned
                .iter()
                .filter(|day| WorkoutState::on(today, day.status, day.scheduled_date) == wanted);
            days.map(|day| day.workouts).sum::<i64>()
        };
        let completed_workouts = in_state(WorkoutState::Completed);
        let total_workouts = planned.iter().map(|day| day.workouts).sum();
        let weeks =
            weeks(*start_date, *end_date).map(|week| week.with(planned, run)).collect::<Vec<_>>();
        let total_weeks = weeks.len() as i64;
        Self {
            plan_id: plan_id.0,
            total_workouts,
            completed_workouts,
            skipped_workouts: in_state(WorkoutState::Skipped),
            missed_workouts: in_state(WorkoutState::Missed),
            pending_workouts: in_state(WorkoutState::Planned),
            total_planned_distance_km: short_kilometres(
                planned.iter().map(|day| day.distance_m).sum(),
            ),
            total_actual_distance_km: short_kilometres(run.iter().map(|day| day.distance_m).sum()),
            adherence_percentage: percentage(completed_workouts, total_workouts),
            current_week: (today >= *start_date)
                .then(|| ((today - *start_date).num_days() / 7 + 1).min(total_weeks)),
            total_weeks,
            weeks,
        }
    }
}

/// The days of one plan week.
struct Week {
    number: i64,
    first: NaiveDate,
    last: NaiveDate,
}

fn weeks(start: NaiveDate, end: NaiveDate) -> impl Iterator<Item = Week> {
    let firsts = start.iter_weeks().take_while(move |first| *first <= end);
    firsts.zip(1..).map(move |(first, number)| {
        let last = first.checked_add_days(Days::new(6)).map_or(end, |last| last.min(end));
        Week { number, first, last }
    })
}

impl Week {
    fn with(&self, planned: &[PlannedDay], run: &[RunDay]) -> PlanWeek {
        let days = self.first..=self.last;
        let planned = || {
            planned.iter().filter(|day| day.scheduled_date.is_some_and(|day| days.contains(&day)))
        };
        let run = run.iter().filter(|day| days.contains(&day.actual_date));
        PlanWeek {
            week: self.number,
            start_date: self.first,
            end_date: self.last,
            planned_workouts: planned().map(|day| day.workouts).sum(),
            completed_workouts: planned()
                .filter(|day| day.status == domain::plan::WorkoutStatus::Completed)
                .map(|day| day.workouts)
                .sum(),
            planned_distance_km: short_kilometres(planned().map(|day| day.distance_m).sum()),
            actual_distance_km: short_kilometres(run.map(|day| day.distance_m).sum()),
        }
    }
}

fn percentage(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let tenths = (2_000 * part + whole) / (2 * whole);
    tenths as f64 / 10.0
}

#[cfg(test)]
mod tests {
    use domain::plan::WorkoutStatus;

    use super::*;

    #[test]
    fn every_workout_is_in_one_state() {
        let tally = tally(
            vec![
                planned(Some("2026-06-01"), WorkoutStatus::Completed, 2, 20_000),
                planned(Some("2026-06-02"), WorkoutStatus::Planned, 1, 8_000),
                planned(Some("2026-06-03"), WorkoutStatus::Planned, 3, 8_000),
                planned(Some("2026-06-04"), WorkoutStatus::Skipped, 1, 5_005),
                planned(None, WorkoutStatus::Planned, 1, 0),
                planned(None, WorkoutStatus::Completed, 1, 10_000),
            ],
            vec![run("2026-06-01", 20_004), run("2026-05-30", 9_001)],
        );
        let progress = PlanProgress::of(PlanId(Uuid::nil()), &tally, day("2026-06-03"));
        assert_eq!(progress.total_workouts, 9);
        assert_eq!(progress.completed_workouts, 3);
        assert_eq!(progress.skipped_workouts, 1);
        assert_eq!(progress.missed_workouts, 1);
        assert_eq!(progress.pending_workouts, 4);
        assert_eq!(progress.adherence_percentage, 33.3);
        assert_eq!(progress.total_planned_distance_km, 51.01); // 51.005
        assert_eq!(progress.total_actual_distance_km, 29.01); // 29.005, the early run too
        let first = &progress.weeks[0];
        assert_eq!((first.planned_workouts, first.completed_workouts), (7, 2));
        assert_eq!((first.planned_distance_km, first.actual_distance_km), (41.01, 20.0));
    }

    #[test]
    fn weeks_begin_on_the_plans_first_day_and_the_last_may_be_short() {
        let tally = tally(
            vec![],
            vec![run("2026-06-07", 1_000), run("2026-06-08", 2_000), run("2026-06-17", 4_000)],
        );
        let weeks = PlanProgress::of(PlanId(Uuid::nil()), &tally, day("2026-06-01")).weeks;
        let spans = weeks
            .iter()
            .map(|week| (week.week, week.start_date.to_string(), week.end_date.to_string()));
        assert_eq!(
            spans.collect::<Vec<_>>(),
            [
                (1, "2026-06-01", "2026-06-07"),
                (2, "2026-06-08", "2026-06-14"),
                (3, "2026-06-15", "2026-06-16")
            ]
            .map(|(week, first, last)| (week, first.to_owned(), last.to_owned()))
        );
        assert_eq!(
            weeks.iter().map(|week| week.actual_distance_km).collect::<Vec<_>>(),
            [1.0, 2.0, 0.0]
        );
    }

    #[test]
    fn the_current_week_is_none_before_the_plan_and_the_last_after_it() {
        let tally = tally(vec![], vec![]);
        let week = |today| PlanProgress::of(PlanId(Uuid::nil()), &tally, day(today)).current_week;
        assert_eq!(week("2026-05-31"), None);
        assert_eq!(week("2026-06-01"), Some(1));
        assert_eq!(week("2026-06-07"), Some(1));
        assert_eq!(week("2026-06-08"), Some(2));
        assert_eq!(week("2026-06-16"), Some(3));
        assert_eq!(week("2027-01-01"), Some(3));
    }

    #[test]
    fn a_plan_without_workouts_has_no_adherence() {
        let progress =
            PlanProgress::of(PlanId(Uuid::nil()), &tally(vec![], vec![]), day("2026-06-03"));
        assert_eq!((progress.total_workouts, progress.adherence_percentage), (0, 0.0));
        assert_eq!(progress.total_weeks, 3);
    }

    #[test]
    fn the_longest_plan_has_53_weeks() {
        let year = Tally {
            start_date: day("2026-01-01"),
            end_date: day("2027-01-01"),
            planned: vec![],
            run: vec![],
        };
        let weeks = PlanProgress::of(PlanId(Uuid::nil()), &year, day("2026-01-01")).weeks;
        assert_eq!(weeks.len(), 53);
        assert_eq!(weeks.last().map(|week| week.end_date), Some(day("2027-01-01")));
    }

    /// Of a plan from Monday, 1 June, to Tuesday, 16 June 2026.
    fn tally(planned: Vec<PlannedDay>, run: Vec<RunDay>) -> Tally {
        Tally { start_date: day("2026-06-01"), end_date: day("2026-06-16"), planned, run }
    }

    fn planned(
        scheduled: Option<&str>,
        status: WorkoutStatus,
        workouts: i64,
        distance_m: i64,
    ) -> PlannedDay {
        PlannedDay { scheduled_date: scheduled.map(day), status, workouts, distance_m }
    }

    fn run(actual_date: &str, distance_m: i64) -> RunDay {
        RunDay { actual_date: day(actual_date), distance_m }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }
}
