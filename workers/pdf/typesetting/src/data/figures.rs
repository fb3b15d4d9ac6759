use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use domain::plan::{WorkoutStatus, WorkoutType};
use serde::Serialize;

use super::workout::{Workout, counts, state};
use super::{Date, by_day};
use crate::phase::{Phase, WeekLoad, phases};
use crate::quantity::Quantities;
use crate::words::lines;
use crate::{PlanDocument, PrintedWorkout};

/// A week of the plan, counted from its first day as the API does.
#[derive(Debug, Serialize)]
pub(crate) struct Week {
    number: usize,
    first: Date,
    last: Date,
    phase: Option<&'static str>,
    is_current: bool,
    days: Vec<Day>,
    workouts: usize,
    completed: usize,
    planned_m: i64,
    planned: String,
    done_m: i64,
    done: String,
    longest_m: u32,
    longest: String,
    duration: Option<String>,
    /// About how many lines its table takes; rather too many.
    lines: u32,
}

#[derive(Debug, Serialize)]
struct Day {
    date: Date,
    is_today: bool,
    is_goal: bool,
    workouts: Vec<Workout>,
}

/// The columns of a table, in the size of their text.
const NAME_EMS: f32 = 16.0;

pub(crate) fn weeks(
    document: &PlanDocument,
    printed: &[&PrintedWorkout],
    show: &impl Fn(&&PrintedWorkout) -> Workout,
    quantities: &Quantities<'_>,
) -> Vec<Week> {
    let plan = &document.plan;
    let by_day = by_day(printed);
    let today = document.as_of.date_naive();
    let spans =
        plan.start_date.iter_weeks().take_while(|first| *first <= plan.end_date).map(|first| {
            let last = first
                .checked_add_days(Days::new(6))
                .map_or(plan.end_date, |last| last.min(plan.end_date));
            (first, last)
        });
    let mut weeks = vec![];
    let mut loads = vec![];
    for (at, (first, last)) in spans.enumerate() {
        let within = || by_day.range(first..=last).flat_map(|(_, workouts)| workouts).copied();
        let counted = || within().filter(|workout| counts(workout));
        let planned_m = distance_m(counted());
        let runs = document.runs.iter().filter(|run| (first..=last).contains(&run.actual_date));
        let done_m = runs.map(|run| i64::from(run.distance_m)).sum();
        let longest_m = counted().filter_map(|workout| workout.distance_m).max().unwrap_or(0);
        let minutes =
            counted().filter_map(|workout| workout.duration_minutes).map(i64::from).sum::<i64>();
        let empty_days = first
            .iter_days()
            .take_while(|day| *day <= last)
            .filter(|day| !by_day.contains_key(day))
            .count();
        loads.push(WeekLoad {
            first,
            last,
            planned_m,
            fast: counted().any(|workout| is_fast(workout.workout_type)),
        });
        weeks.push(Week {
            number: at + 1,
            first: Date::of(first, quantities.messages),
            last: Date::of(last, quantities.messages),
            phase: None,
            is_current: (first..=last).contains(&today),
            days: first
                .iter_days()
                .take_while(|day| *day <= last)
                .map(|day| Day {
                    date: Date::of(day, quantities.messages),
                    is_today: day == today,
                    is_goal: plan.goal_race_date == Some(day),
                    workouts: by_day
                        .get(&day)
                        .map_or_else(Vec::new, |workouts| workouts.iter().map(show).collect()),
                })
                .collect(),
            workouts: counted().count(),
            completed: counted()
                .filter(|workout| workout.status == WorkoutStatus::Completed)
                .count(),
            planned_m,
            planned: quantities.distance(planned_m),
            done_m,
            done: quantities.distance(done_m),
            longest_m,
            longest: quantities.distance(longest_m.into()),
            duration: (minutes > 0).then(|| quantities.duration(minutes)),
            lines: 4 + 2 * empty_days as u32 + within().map(row_lines).sum::<u32>(),
        });
    }
    for (week, phase) in weeks.iter_mut().zip(phases(&loads, plan.goal_race_date)) {
        week.phase = phase.map(Phase::as_str);
    }
    weeks
}

/// A row has room to write in, at least.
fn row_lines(workout: &PrintedWorkout) -> u32 {
    let description =
        workout.description.as_deref().map_or(0, |text| lines(text.trim(), NAME_EMS * 1.2));
    (lines(&workout.name, NAME_EMS) + description).max(2)
}

fn distance_m<'w>(workouts: impl Iterator<Item = &'w PrintedWorkout>) -> i64 {
    workouts.filter_map(|workout| workout.distance_m).map(i64::from).sum()
}

/// How far the plan has come: the figures of the API.
#[derive(Debug, Serialize)]
pub(crate) struct Totals {
    workouts: usize,
    completed: usize,
    skipped: usize,
    missed: usize,
    pending: usize,
    planned: String,
    done: String,
    /// Per cent, one decimal.
    adherence: String,
    most_m: i64,
    longest: Option<String>,
    current_week: Option<i64>,
}

impl Totals {
    pub(crate) fn of(
        document: &PlanDocument,
        printed: &[&PrintedWorkout],
        weeks: &[Week],
        quantities: &Quantities<'_>,
        today: NaiveDate,
    ) -> Self {
        let counted = || printed.iter().copied().filter(|workout| counts(workout));
        let in_state =
            |wanted: &str| counted().filter(|workout| state(workout, today) == wanted).count();
        let (workouts, completed) = (counted().count(), in_state("completed"));
        let tenths =
            if workouts == 0 { 0 } else { (2_000 * completed + workouts) / (2 * workouts) };
        let decimal = &quantities.messages.decimal;
        let start = document.plan.start_date;
        Self {
            workouts,
            completed,
            skipped: in_state("skipped"),
            missed: in_state("missed"),
            pending: in_state("planned"),
            planned: quantities.distance_with_unit(distance_m(counted())),
            done: quantities.distance_with_unit(
                document.runs.iter().map(|run| i64::from(run.distance_m)).sum(),
            ),
            adherence: format!("{}{decimal}{}\u{a0}%", tenths / 10, tenths % 10),
            most_m: weeks.iter().map(|week| week.planned_m.max(week.done_m)).max().unwrap_or(0),
            longest: counted()
                .filter_map(|workout| workout.distance_m)
                .max()
                .map(|metres| quantities.distance_with_unit(metres.into())),
            current_week: (today >= start)
                .then(|| ((today - start).num_days() / 7 + 1).min(weeks.len() as i64)),
        }
    }
}

/// What a plan is made for: its races, fast and long workouts, by their day.
pub(crate) fn key_workouts<'w>(printed: &[&'w PrintedWorkout]) -> Vec<&'w PrintedWorkout> {
    printed
        .iter()
        .copied()
        .filter(|workout| workout.scheduled_date.is_some())
        .filter(|workout| {
            is_fast(workout.workout_type) || workout.workout_type == WorkoutType::LongRun
        })
        .collect()
}

/// The most telling of them, in their order: races first, then the longest.
pub(crate) fn most_telling(workouts: Vec<&PrintedWorkout>, most: usize) -> Vec<&PrintedWorkout> {
    let mut ranked = workouts.iter().copied().enumerate().collect::<Vec<_>>();
    ranked.sort_by_key(|(at, workout)| {
        let is_race = workout.workout_type == WorkoutType::Race;
        (!is_race, std::cmp::Reverse(workout.distance_m), *at)
    });
    ranked.truncate(most);
    ranked.sort_by_key(|(at, _)| *at);
    ranked.into_iter().map(|(_, workout)| workout).collect()
}

pub(crate) fn types(printed: &[&PrintedWorkout]) -> Vec<&'static str> {
    let there =
        printed.iter().map(|workout| workout.workout_type.as_str()).collect::<BTreeSet<_>>();
    WorkoutType::ALL
        .map(WorkoutType::as_str)
        .into_iter()
        .filter(|kind| there.contains(kind))
        .collect()
}

fn is_fast(workout_type: WorkoutType) -> bool {
    match workout_type {
        WorkoutType::Tempo
        | WorkoutType::Intervals
        | WorkoutType::HillRepeats
        | WorkoutType::Fartlek
        | WorkoutType::RacePace
        | WorkoutType::Race => true,
        WorkoutType::EasyRun
        | WorkoutType::Recovery
        | WorkoutType::LongRun
        | WorkoutType::CrossTraining
        | WorkoutType::Strength
        | WorkoutType::Rest => false,
    }
}
