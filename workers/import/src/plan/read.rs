use chrono::Days;
use domain::plan::{CreatePlan, NewWorkout, PlanDetails, WorkoutContent, WorkoutType};
use domain::{Distance, Name, OwnerId, PlanId, Text, WorkoutId};

use super::anchor::Span;
use super::file::{Day, PlanFile};
use super::goal::Goal;
use super::kind::{Kind, kind};
use super::minutes::minutes;
use super::title::{pairs, plain, render, said_first, title};
use super::{Anchor, Unit};
use crate::ImportError;
use crate::cut::cut;

/// A race this near to the end of a schedule is what it leads to; an earlier one is a tune-up.
const FINAL_DAYS: usize = 14;

/// For whom and when a plan is read.
#[derive(Debug, Clone, Copy)]
pub struct PlanOptions {
    /// Whose it will be.
    pub owner: OwnerId,
    /// Where it is put in the calendar.
    pub anchor: Anchor,
    /// The unit that titles are shown in.
    pub unit: Unit,
}

/// A plan file as commands.
#[derive(Debug, Clone)]
pub struct PlanImport {
    /// Begins the plan.
    pub create: CreatePlan,
    /// One workout for each day of the schedule, rest days too, in order.
    pub workouts: Vec<NewWorkout>,
    /// What in the file looks wrong and was taken as it is.
    pub notes: Vec<String>,
}

/// Reads a plan in the calendar-hack YAML form.
///
/// The same file, owner and first day always give the same ids. Distances come from the file's
/// `distance`, of a range its upper end; a time only from a title that says nothing else. A day's
/// type comes from its tags, else from its title; the longest run of a week is its long run.
///
/// # Errors
/// When the file is not such a plan; the error names the week and day.
pub fn read(yaml: &str, options: PlanOptions) -> Result<PlanImport, ImportError> {
    let file = PlanFile::read(yaml)?;
    let goal = file.race.as_deref().and_then(Goal::from_type);
    let kinds = kinds(&file, goal);
    let race = final_race(&kinds);
    let span = options.anchor.place(kinds.len(), race)?;
    let mut notes = Vec::new();
    if let (Anchor::Race(_), None) = (options.anchor, race) {
        notes.push("the schedule holds no race: it ends the day before the race day".to_owned());
    }
    let plan_id =
        PlanId::imported(options.owner, "calendar-hack", &format!("{}@{}", file.id, span.start));
    let create =
        CreatePlan { plan_id, owner_id: options.owner, details: details(&file, goal, &span)? };
    let mut workouts = Vec::with_capacity(kinds.len());
    let days = file.weeks.iter().flat_map(|week| &week.days);
    for (index, (day, workout_type)) in days.zip(kinds).enumerate() {
        let (week, day_of_week) = (index / 7 + 1, index % 7 + 1);
        let wrong = |reason| ImportError::Day { week, day: day_of_week, reason };
        let content = content(day, workout_type, file.units, options.unit).map_err(wrong)?;
        let position = format!("week {week}, day {day_of_week}");
        notes.extend(
            doubts(day, file.units).into_iter().map(|doubt| format!("{position}: {doubt}")),
        );
        let workout_id = WorkoutId::imported(plan_id, index);
        let scheduled_date = span.start.checked_add_days(Days::new(index as u64));
        workouts.push(NewWorkout { workout_id, scheduled_date, content });
    }
    Ok(PlanImport { create, workouts, notes })
}

fn details(file: &PlanFile, goal: Option<Goal>, span: &Span) -> Result<PlanDetails, ImportError> {
    let name = Name::parse(&cut(&file.name, Name::MAX_CHARS));
    let name =
        name.map_err(|violation| ImportError::Field { field: "name", reason: violation.message })?;
    Ok(PlanDetails {
        name,
        description: description(file)?,
        start_date: span.start,
        end_date: span.end,
        goal_race_date: span.race,
        goal_race_distance_m: goal.and_then(Goal::distance),
    })
}

/// What the file says of the plan and its weeks, and where it is from.
fn description(file: &PlanFile) -> Result<Option<Text>, ImportError> {
    let weeks = file.weeks.iter().zip(1..);
    let weeks = weeks.filter_map(|(week, number)| {
        Some(format!("Week {number}: {}", week.description.as_ref()?.trim()))
    });
    let weeks = weeks.collect::<Vec<_>>().join("\n");
    let source = file.source.as_ref().map(|source| format!("Source: {source}"));
    let parts = file.description.clone().into_iter().chain([weeks]).chain(source);
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let text = Text::parse(&cut(&parts.join("\n\n"), Text::MAX_CHARS));
    text.map(Some)
        .map_err(|violation| ImportError::Field { field: "description", reason: violation.message })
}

/// The type of every day, the long runs of the weeks among them.
fn kinds(file: &PlanFile, goal: Option<Goal>) -> Vec<WorkoutType> {
    let mut types = Vec::with_capacity(file.weeks.len() * 7);
    for week in &file.weeks {
        let kinds: Vec<_> = week.days.iter().map(|day| kind(&day.title, &day.tags, goal)).collect();
        let long = long_run(&week.days, &kinds);
        types.extend(kinds.iter().enumerate().map(|(index, kind)| {
            if long == Some(index) { WorkoutType::LongRun } else { kind.workout_type }
        }));
    }
    types
}

/// The longest run of a week, the last of equals, unless the week has one by name, has a race, or
/// its longest run is of another kind.
fn long_run(days: &[Day], kinds: &[Kind]) -> Option<usize> {
    if kinds
        .iter()
        .any(|kind| matches!(kind.workout_type, WorkoutType::Race | WorkoutType::LongRun))
    {
        return None;
    }
    let distances = days.iter().enumerate().filter_map(|(index, day)| Some((index, day.distance?)));
    let runs: Vec<_> = distances
        .filter(|(index, _)| kinds[*index].workout_type != WorkoutType::CrossTraining)
        .collect();
    let (longest, _) = *runs.iter().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    (runs.len() > 1 && kinds[longest].may_be_long).then_some(longest)
}

/// The race the schedule leads to: the last one, when it is at the end.
fn final_race(types: &[WorkoutType]) -> Option<usize> {
    types
        .iter()
        .rposition(|workout_type| *workout_type == WorkoutType::Race)
        .filter(|index| index + FINAL_DAYS >= types.len())
}

fn content(
    day: &Day,
    workout_type: WorkoutType,
    units: Unit,
    unit: Unit,
) -> Result<WorkoutContent, String> {
    let title = title(&day.title, units, unit);
    let name =
        Name::parse(&title.name).map_err(|violation| format!("`title` {}", violation.message))?;
    let own = day.description.as_deref().map(|text| render(text, units, unit));
    // A long title is kept whole; lines of a short one only where nothing else is said.
    let full = title.full.filter(|_| own.is_none() || title.name.ends_with('…'));
    let parts: Vec<_> = full.into_iter().chain(own).collect();
    let text = cut(&parts.join("\n\n"), Text::MAX_CHARS);
    let description =
        Text::parse(&text).map_err(|violation| format!("`description` {}", violation.message))?;
    let distance_m = day.distance.map(|number| Distance::from_km(number * units.km())).transpose();
    let rests = workout_type == WorkoutType::Rest;
    Ok(WorkoutContent {
        name,
        workout_type,
        description: Some(description).filter(|_| !text.is_empty()),
        distance_m: distance_m
            .map_err(|violation| format!("`distance` {} km", violation.message))?,
        duration_minutes: if rests || day.distance.is_some() { None } else { minutes(&day.title) },
        target_pace_s_per_km: None,
    })
}

/// What does not fit together in a day: numbers that differ by more than rounding.
fn doubts(day: &Day, units: Unit) -> Vec<String> {
    const ROUNDING: f64 = 0.035;
    let differ = |one: f64, other: f64| (one - other).abs() > one.max(other) * ROUNDING;
    let mut doubts = day.unknown.clone();
    for (mi, km) in pairs(&day.title) {
        if differ(Unit::Mi.to(Unit::Km, mi), km) {
            let exact = plain(Unit::Mi.to(Unit::Km, mi));
            doubts.push(format!(
                "the title says {} mi and {} km, but {} mi are {exact} km",
                plain(mi),
                plain(km),
                plain(mi)
            ));
        }
    }
    if let (Some(distance), Some(said)) = (day.distance, said_first(&day.title)) {
        let (low, high) = (said.unit.to(units, said.low), said.unit.to(units, said.high));
        // A session of several lines may open with its warm-up, which is shorter than the whole.
        let opening = day.title.trim().contains('\n') && distance > high;
        if (distance < low && differ(distance, low))
            || (distance > high && differ(distance, high) && !opening)
        {
            doubts.push(format!(
                "the title says {said}, the distance is {} {units}",
                plain(distance)
            ));
        }
    }
    doubts
}
