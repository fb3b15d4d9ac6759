//! What a mail with a plan says of it in plain words: the week that the runner is in.

use chrono::{Days, NaiveDate};
use domain::plan_export::Units;
use mail::PlannedDay;
use typesetting::{PlanDocument, PrintedWorkout};

const METRES_PER_MILE: f64 = 1_609.344;

/// The first day of the plan's week that its moment lies in; of one that has not begun the first, of one that is over the
/// last. Weeks begin on the plan's first day, as everywhere.
fn first_day(document: &PlanDocument) -> NaiveDate {
    let (start, end) = (document.plan.start_date, document.plan.end_date);
    let day = document.as_of.date_naive().clamp(start, end);
    let weeks = (day - start).num_days() / 7;
    start + Days::new(weeks.unsigned_abs() * 7)
}

/// Which week it is.
pub(super) fn heading(document: &PlanDocument) -> String {
    let (start, end) = (document.plan.start_date, document.plan.end_date);
    let first = first_day(document);
    let week = (first - start).num_days() / 7 + 1;
    let weeks = (end - start).num_days() / 7 + 1;
    format!("Week {week} of {weeks}, from {}", first.format("%-d %B %Y"))
}

/// The week's workouts, a line each, by day.
pub(super) fn days(document: &PlanDocument, units: Units) -> Vec<PlannedDay> {
    let first = first_day(document);
    let week = first..first + Days::new(7);
    let mut workouts: Vec<_> = document
        .workouts
        .iter()
        .filter_map(|workout| Some((workout.scheduled_date?, workout)))
        .filter(|(day, _)| week.contains(day))
        .collect();
    workouts.sort_by_key(|(day, workout)| (*day, workout.name.clone(), workout.workout_id));
    workouts
        .into_iter()
        .map(|(day, workout)| PlannedDay {
            day: day.format("%A %-d %B").to_string(),
            workout: line(workout, units),
        })
        .collect()
}

fn line(workout: &PrintedWorkout, units: Units) -> String {
    let distance = workout.distance_m.map(|metres| match units {
        Units::Kilometres => format!("{} km", number(f64::from(metres) / 1000.0)),
        Units::Miles => format!("{} mi", number(f64::from(metres) / METRES_PER_MILE)),
    });
    let duration = workout.duration_minutes.map(|minutes| format!("{minutes} min"));
    [Some(workout.name.clone()), distance, duration]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// Two decimals at most.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_no_longer_than_it_has_to_be() {
        assert_eq!([10.0, 12.5, 42.2, 0.01].map(number), ["10", "12.5", "42.2", "0.01"]);
    }
}
