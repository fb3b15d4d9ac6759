use chrono::{Datelike, Days, Months, NaiveDate};
use domain::plan_export::WeekStart;
use serde::Serialize;

use super::by_day;
use super::workout::Workout;
use crate::messages::Messages;
use crate::{PlanDocument, PrintedWorkout};

/// A page of a calendar.
#[derive(Debug, Serialize)]
pub(crate) struct Month {
    title: String,
    /// The names over its columns.
    weekdays: Vec<String>,
    weeks: Vec<Vec<Day>>,
}

/// A field of it.
#[derive(Debug, Serialize)]
struct Day {
    day: u32,
    text: String,
    in_month: bool,
    in_plan: bool,
    is_today: bool,
    is_goal: bool,
    /// Only on the page of its month: a workout is printed once.
    workouts: Vec<Workout>,
}

/// The months that the plan touches.
pub(crate) fn months(
    document: &PlanDocument,
    printed: &[&PrintedWorkout],
    week_start: WeekStart,
    show: &impl Fn(&&PrintedWorkout) -> Workout,
    messages: &Messages,
) -> Vec<Month> {
    let plan = &document.plan;
    let days = by_day(printed);
    let today = document.as_of.date_naive();
    // Whatever lies outside of the plan's days is printed all the same.
    let first = days.keys().next().map_or(plan.start_date, |day| *day.min(&plan.start_date));
    let last = days.keys().next_back().map_or(plan.end_date, |day| *day.max(&plan.end_date));
    let firsts =
        std::iter::successors(first.with_day(1), |month| month.checked_add_months(Months::new(1)));
    firsts
        .take_while(|month| *month <= last)
        .map(|month| {
            let field = |day: NaiveDate| {
                let in_month = day.month() == month.month();
                Day {
                    day: day.day(),
                    text: messages.date(day),
                    in_month,
                    in_plan: (plan.start_date..=plan.end_date).contains(&day),
                    is_today: day == today,
                    is_goal: plan.goal_race_date == Some(day),
                    workouts: days
                        .get(&day)
                        .filter(|_| in_month)
                        .map_or_else(Vec::new, |workouts| workouts.iter().map(show).collect()),
                }
            };
            Month {
                title: messages.month(month),
                weekdays: rotated(&messages.weekdays, week_start),
                weeks: weeks_of(month, week_start).map(|week| week.map(field).collect()).collect(),
            }
        })
        .collect()
}

fn days_into_week(day: NaiveDate, week_start: WeekStart) -> u32 {
    match week_start {
        WeekStart::Monday => day.weekday().num_days_from_monday(),
        WeekStart::Sunday => day.weekday().num_days_from_sunday(),
    }
}

/// The rows of a month, whole weeks.
fn weeks_of(
    month: NaiveDate,
    week_start: WeekStart,
) -> impl Iterator<Item = impl Iterator<Item = NaiveDate>> {
    let first = month - Days::new(days_into_week(month, week_start).into());
    first
        .iter_weeks()
        .take_while(move |row| {
            *row <= month || (row.year(), row.month()) == (month.year(), month.month())
        })
        .map(|row| row.iter_days().take(7))
}

/// Weekdays are kept from Monday on.
fn rotated(weekdays: &[String], week_start: WeekStart) -> Vec<String> {
    let mut weekdays = weekdays.to_vec();
    match week_start {
        WeekStart::Monday => {}
        WeekStart::Sunday => weekdays.rotate_right(1),
    }
    weekdays
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_whole_weeks() {
        let rows = |month: &str, week_start| {
            let weeks =
                weeks_of(month.parse().unwrap(), week_start).map(Iterator::collect::<Vec<_>>);
            let weeks = weeks.collect::<Vec<_>>();
            assert!(weeks.iter().all(|week| week.len() == 7));
            let first = weeks[0][0].to_string();
            (weeks.len(), first, weeks[weeks.len() - 1][6].to_string())
        };
        // February 2027 begins on a Monday and has four weeks.
        assert_eq!(
            rows("2027-02-01", WeekStart::Monday),
            (4, "2027-02-01".into(), "2027-02-28".into())
        );
        assert_eq!(
            rows("2027-02-01", WeekStart::Sunday),
            (5, "2027-01-31".into(), "2027-03-06".into())
        );
        assert_eq!(
            rows("2027-05-01", WeekStart::Monday),
            (6, "2027-04-26".into(), "2027-06-06".into())
        );
        assert_eq!(
            rows("2027-12-01", WeekStart::Sunday),
            (5, "2027-11-28".into(), "2028-01-01".into())
        );
    }
}
