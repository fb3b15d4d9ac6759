//! The week that the runner is in, in words: what a mail says of a plan beside the file.

use chrono::{Days, NaiveDate};
use domain::plan_export::{Language, Units};

use crate::messages::Messages;
use crate::quantity::Quantities;
use crate::{PlanDocument, PrintedWorkout};

/// A week of a plan in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekInWords {
    /// Which week it is, and when it begins.
    pub heading: String,
    /// Its workouts by day, each as the day and what is to be done.
    pub workouts: Vec<(String, String)>,
}

impl WeekInWords {
    /// The plan's week that its moment lies in; of a plan that has not begun the first, of one that is over the last. Weeks
    /// begin on the plan's first day, as everywhere.
    #[must_use]
    pub fn of(document: &PlanDocument, language: Language, units: Units) -> Self {
        let quantities = Quantities { units, messages: Messages::of(language) };
        let (start, end) = (document.plan.start_date, document.plan.end_date);
        let day = document.as_of.date_naive().clamp(start, end);
        let week = (day - start).num_days() / 7;
        let first = start + Days::new(week.unsigned_abs() * 7);
        let weeks = (end - start).num_days() / 7 + 1;
        let heading = quantities.messages.words["week_of"]
            .replace("{week}", &(week + 1).to_string())
            .replace("{weeks}", &weeks.to_string());
        let heading = format!("{heading}, {}", quantities.messages.date(first));
        Self { heading, workouts: workouts(document, first, &quantities) }
    }
}

fn workouts(
    document: &PlanDocument,
    first: NaiveDate,
    quantities: &Quantities<'_>,
) -> Vec<(String, String)> {
    let week = first..first + Days::new(7);
    let mut workouts: Vec<_> = document
        .workouts
        .iter()
        .filter_map(|workout| Some((workout.scheduled_date?, workout)))
        .filter(|(day, _)| week.contains(day))
        .collect();
    workouts.sort_by_key(|(day, workout)| (*day, workout.name.clone(), workout.workout_id));
    let messages = quantities.messages;
    let day = |day| format!("{}, {}", messages.weekday(day), messages.date_short(day));
    workouts.into_iter().map(|(on, workout)| (day(on), line(workout, quantities))).collect()
}

fn line(workout: &PrintedWorkout, quantities: &Quantities<'_>) -> String {
    let distance = workout.distance_m.map(|metres| quantities.distance_with_unit(metres.into()));
    let duration = workout.duration_minutes.map(|minutes| quantities.duration(minutes.into()));
    [Some(workout.name.clone()), distance, duration]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveTime, TimeDelta};

    use super::*;
    use crate::sample;

    #[test]
    fn a_week_is_told_in_the_language_and_units_of_the_file() {
        let document = sample::plan();
        let german = WeekInWords::of(&document, Language::German, Units::Miles);
        assert_eq!(german.heading, "Woche 1 von 2, 1. März 2027");
        let days: Vec<_> = german.workouts.iter().map(|(day, _)| day.as_str()).collect();
        assert_eq!(
            days,
            [
                "Dienstag, 2. März",
                "Mittwoch, 3. März",
                "Donnerstag, 4. März",
                "Freitag, 5. März",
                "Samstag, 6. März",
                "Sonntag, 7. März"
            ]
        );
        assert_eq!(german.workouts[2].1, "Along the river, 6,21\u{a0}mi");
        assert_eq!(german.workouts[3].1, "Along the river, 1\u{a0}h");
    }

    #[test]
    fn before_and_after_the_plan_its_first_and_last_week_are_told() {
        let mut document = sample::plan();
        for (days, heading) in
            [(-40, "Week 1 of 2, 1 March 2027"), (400, "Week 2 of 2, 8 March 2027")]
        {
            let day = document.plan.start_date + TimeDelta::days(days);
            document.as_of = day.and_time(NaiveTime::MIN).and_utc();
            let told = WeekInWords::of(&document, Language::English, Units::Kilometres);
            assert_eq!(told.heading, heading);
        }
    }
}
