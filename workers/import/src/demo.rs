//! The demo runner: ten weeks to a 10K, six of them behind her, and the runs of that time.
//!
//! Everything follows from the day it is asked for, so a demo always shows a plan in full swing.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, Weekday};
use domain::plan::{NewWorkout, WorkoutType};
use domain::run::{RecordRun, RunDetails, Source};
use domain::{
    Distance, Elevation, Heartbeat, OwnerId, PerceivedEffort, RunId, Seconds, Text, WorkoutId,
};

use crate::ImportError;
use crate::plan::{Anchor, PlanImport, PlanOptions, Unit, read};

/// How many weeks of the plan are over.
const WEEKS_BEHIND: u64 = 6;

/// How many weeks she had been running before the plan began.
const WEEKS_BEFORE: u64 = 5;

/// The demo runner's plan, begun on a Monday six weeks ago.
///
/// # Errors
/// When `today` is at an end of the calendar.
pub fn plan(owner: OwnerId, today: NaiveDate) -> Result<PlanImport, ImportError> {
    let monday =
        today.week(Weekday::Mon).checked_first_day().ok_or(ImportError::OutsideCalendar)?;
    let start =
        monday.checked_sub_days(Days::new(7 * WEEKS_BEHIND)).ok_or(ImportError::OutsideCalendar)?;
    let anchor = Anchor::Start(start);
    read(include_str!("../demo/plan.yaml"), PlanOptions { owner, anchor, unit: Unit::Km })
}

/// The demo runner's runs up to yesterday, oldest first, each with the workout of `plan` it fulfils.
///
/// She leaves out one workout of eight, and runs once without being told to.
#[must_use]
pub fn runs(plan: &PlanImport, today: NaiveDate) -> Vec<(RecordRun, Option<WorkoutId>)> {
    let owner = plan.create.owner_id;
    let start = plan.create.details.start_date;
    let before = before_the_plan(start).into_iter().map(|session| (session, None));
    let planned =
        plan.workouts.iter().filter_map(planned).filter(|(session, _)| session.day < today);
    let kept = planned.enumerate().filter(|(index, _)| index % 8 != 5);
    let kept = kept.map(|(_, (session, workout_id))| (session, Some(workout_id)));
    let unplanned = start.checked_add_days(Days::new(19)).filter(|day| *day < today);
    let unplanned =
        unplanned.map(|day| (Session { day, kind: WorkoutType::Recovery, metres: 4_000 }, None));
    let mut sessions: Vec<_> = before.chain(kept).chain(unplanned).collect();
    sessions.sort_by_key(|(session, _)| session.day);
    let runs = sessions.into_iter().enumerate();
    runs.filter_map(|(index, (session, workout_id))| {
        Some((session.run(index, owner, today)?, workout_id))
    })
    .collect()
}

/// What she set out to do on a day.
#[derive(Debug, Clone, Copy)]
struct Session {
    day: NaiveDate,
    kind: WorkoutType,
    metres: u32,
}

/// What such a session is like for her: seconds per kilometre, heart beats, effort and metres climbed
/// per kilometre.
struct Feel {
    pace_s_per_km: u32,
    heart_rate: i64,
    effort: i64,
    climb_m_per_km: u32,
}

fn before_the_plan(start: NaiveDate) -> Vec<Session> {
    let habit = [
        (1, WorkoutType::EasyRun, 5_000),
        (3, WorkoutType::EasyRun, 4_500),
        (6, WorkoutType::LongRun, 7_000),
    ];
    let weeks = (1..=WEEKS_BEFORE)
        .rev()
        .flat_map(|weeks| habit.map(|(day, kind, metres)| (7 * weeks - day, kind, metres)));
    let sessions = weeks.filter_map(|(days, kind, metres)| {
        Some(Session { day: start.checked_sub_days(Days::new(days))?, kind, metres })
    });
    sessions.collect()
}

fn planned(workout: &NewWorkout) -> Option<(Session, WorkoutId)> {
    let day = workout.scheduled_date?;
    let metres = workout.content.distance_m?.metres();
    feel(workout.content.workout_type)?;
    Some((Session { day, kind: workout.content.workout_type, metres }, workout.workout_id))
}

fn feel(kind: WorkoutType) -> Option<Feel> {
    let (pace_s_per_km, heart_rate, effort, climb_m_per_km) = match kind {
        WorkoutType::EasyRun => (372, 139, 3, 6),
        WorkoutType::Recovery => (395, 130, 2, 4),
        WorkoutType::LongRun => (384, 144, 5, 9),
        WorkoutType::Tempo => (337, 161, 7, 5),
        WorkoutType::Intervals => (342, 164, 8, 3),
        WorkoutType::HillRepeats => (368, 158, 7, 24),
        WorkoutType::Fartlek => (348, 155, 6, 8),
        WorkoutType::RacePace => (330, 163, 7, 4),
        WorkoutType::Race => (300, 175, 10, 5),
        WorkoutType::CrossTraining | WorkoutType::Strength | WorkoutType::Rest => return None,
    };
    Some(Feel { pace_s_per_km, heart_rate, effort, climb_m_per_km })
}

impl Session {
    /// The run it became, the `index`-th of all: a little different each time, and faster as the weeks
    /// go by.
    fn run(self, index: usize, owner: OwnerId, today: NaiveDate) -> Option<RecordRun> {
        let Self { day, kind, metres } = self;
        let Feel { pace_s_per_km, heart_rate, effort, climb_m_per_km } = feel(kind)?;
        let is_race = kind == WorkoutType::Race;
        let more = [40, 130, 0, 260, 20, 90, 180][index % 7];
        let metres = if is_race { metres } else { metres + more };
        let daily = [4, 0, 7, 2, 9, 1, 5, 3][index % 8];
        let pace_s_per_km = pace_s_per_km + daily - u32::try_from(index).ok()?.min(60) / 3;
        let average_heart_rate = heart_rate + i64::from(daily) / 2;
        let run = RunDetails {
            actual_date: day,
            started_at: started_at(day),
            distance_m: Distance::from_km(f64::from(metres) / 1000.0).ok()?,
            duration_s: Seconds::from_seconds(i64::from(metres * pace_s_per_km / 1000)).ok()?,
            average_heart_rate: Heartbeat::from_bpm(average_heart_rate).ok(),
            max_heart_rate: Heartbeat::from_bpm(average_heart_rate + 8 + effort).ok(),
            elevation_gain_m: Elevation::from_metres(f64::from(metres / 1000 * climb_m_per_km))
                .ok(),
            perceived_effort: PerceivedEffort::from_level(effort).ok(),
            is_race,
            notes: note(index, is_race).and_then(|note| Text::parse(note).ok()),
        };
        Some(RecordRun {
            run_id: RunId::imported(owner, "demo", &day.to_string()),
            owner_id: owner,
            source: Source::Manual,
            external_id: None,
            details: run,
            today,
            duration_field: "duration_seconds",
        })
    }
}

/// Before work, and on Sundays after breakfast.
fn started_at(day: NaiveDate) -> Option<DateTime<FixedOffset>> {
    let (hour, minute) = if day.weekday() == Weekday::Sun { (9, 30) } else { (6, 40) };
    day.and_time(NaiveTime::from_hms_opt(hour, minute, 0)?)
        .and_local_timezone(FixedOffset::east_opt(3600)?)
        .single()
}

fn note(index: usize, is_race: bool) -> Option<&'static str> {
    if is_race {
        return Some("Went out steady, passed a dozen in the last kilometre.");
    }
    match index % 11 {
        2 => Some("Headwind all the way out."),
        5 => Some("Legs heavy at first, fine after two kilometres."),
        9 => Some("New shoes."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_plan_is_in_full_swing_on_any_day() {
        for today in days() {
            let plan = plan(owner(), today).unwrap();
            assert_eq!((plan.workouts.len(), plan.notes.len()), (70, 0), "{:?}", plan.notes);
            let details = &plan.create.details;
            let done = (today - details.start_date).num_days();
            assert!((42..49).contains(&done), "{today}: {done} of 70 days");
            assert_eq!(details.goal_race_date, Some(details.end_date));
            assert_eq!(details.goal_race_distance_m.map(Distance::metres), Some(10_000));
        }
    }

    #[test]
    fn the_runs_are_plausible_and_in_the_past() {
        for today in days() {
            let plan = plan(owner(), today).unwrap();
            let runs = runs(&plan, today);
            assert!((37..=41).contains(&runs.len()), "{today}: {} runs", runs.len());
            assert!(runs.is_sorted_by_key(|(run, _)| run.details.actual_date));
            for (run, _) in &runs {
                assert_eq!(run.details.violations(today, "duration_seconds"), vec![]);
                assert!(run.details.actual_date < today);
            }
            let ids: BTreeSet<_> = runs.iter().map(|(run, _)| run.run_id).collect();
            assert_eq!(ids.len(), runs.len());
        }
    }

    #[test]
    fn most_planned_workouts_were_done_on_their_day() {
        for today in days() {
            let plan = plan(owner(), today).unwrap();
            let runs = runs(&plan, today);
            let matched: Vec<_> =
                runs.iter().filter_map(|(run, workout)| Some((run, (*workout)?))).collect();
            for (run, workout_id) in &matched {
                let workout =
                    plan.workouts.iter().find(|workout| workout.workout_id == *workout_id).unwrap();
                assert_eq!(workout.scheduled_date, Some(run.details.actual_date));
            }
            assert!((21..=24).contains(&matched.len()), "{today}: {} matched", matched.len());
            assert!(runs.iter().filter(|(run, _)| run.details.is_race).count() == 1);
        }
    }

    #[test]
    fn asked_again_it_tells_the_same() {
        let today = days().next().unwrap();
        let told = || format!("{:?}", runs(&plan(owner(), today).unwrap(), today));
        assert_eq!(told(), told());
    }

    /// Two weeks over the end of a year.
    fn days() -> impl Iterator<Item = NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 12, 24).unwrap().iter_days().take(14)
    }

    fn owner() -> OwnerId {
        OwnerId(uuid::Uuid::from_u128(1))
    }
}
