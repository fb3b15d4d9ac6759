use std::fmt;

use chrono::{NaiveDate, TimeDelta};

use super::{
    GoalChanged, Plan, PlanDescribed, PlanDetails, PlanError, PlanEvent, PlanRenamed,
    PlanRescheduled, PlanStatus, WorkoutMoved,
};
use crate::{Distance, Name, Text, WorkoutId};

/// Changes what a plan says of itself. What is `None` stays as it is; an inner `None` clears.
#[derive(Debug, Clone, Default)]
pub struct PlanRevision {
    /// A new name.
    pub name: Option<Name>,
    /// A new description, or none.
    pub description: Option<Option<Text>>,
    /// A new first day.
    pub start_date: Option<NaiveDate>,
    /// A new last day.
    pub end_date: Option<NaiveDate>,
    /// A new race day, or none.
    pub goal_race_date: Option<Option<NaiveDate>>,
    /// A new race distance, or none.
    pub goal_race_distance_m: Option<Option<Distance>>,
    /// A new status.
    pub status: Option<PlanStatus>,
}

/// Applies a revision; says what changed in the few events that name it, or nothing.
#[derive(Debug, Clone)]
pub struct RevisePlan {
    /// What to change.
    pub revision: PlanRevision,
    /// Whether all workouts move by the change of the first day.
    pub shift_workouts: ShiftWorkouts,
}

/// Whether the workouts move along with the plan's first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShiftWorkouts {
    /// They stay on their days.
    #[default]
    No,
    /// They move by as many days as the first day does.
    Yes,
}

impl RevisePlan {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let body = plan.body()?;
        let plan_id = body.plan_id;
        let was = &body.details;
        let is = revised(was, &self.revision);
        let violations = is.violations();
        if !violations.is_empty() {
            return Err(PlanError::Invalid(violations));
        }
        let mut events = Vec::new();
        if is.name != was.name {
            events.push(PlanEvent::Renamed(PlanRenamed { plan_id, name: is.name.clone() }));
        }
        if is.description != was.description {
            events.push(PlanEvent::Described(PlanDescribed {
                plan_id,
                description: is.description.clone(),
            }));
        }
        if (is.start_date, is.end_date) != (was.start_date, was.end_date) {
            let PlanDetails { start_date, end_date, .. } = is;
            let moved = moved_workouts(plan, was, &is, self.shift_workouts)?;
            events.push(PlanEvent::Rescheduled(PlanRescheduled { plan_id, start_date, end_date }));
            events.extend(moved.into_iter().map(|(workout_id, day)| {
                PlanEvent::WorkoutMoved(WorkoutMoved {
                    plan_id,
                    workout_id,
                    scheduled_date: Some(day),
                })
            }));
        }
        if (is.goal_race_date, is.goal_race_distance_m)
            != (was.goal_race_date, was.goal_race_distance_m)
        {
            let PlanDetails { goal_race_date, goal_race_distance_m, .. } = is;
            events.push(PlanEvent::GoalChanged(GoalChanged {
                plan_id,
                goal_race_date,
                goal_race_distance_m,
            }));
        }
        if let Some(to) = self.revision.status.filter(|status| *status != body.status) {
            let from = body.status;
            let event = Some(to)
                .filter(|to| from.may_become(*to))
                .and_then(|to| PlanEvent::status(plan_id, to));
            events.push(event.ok_or(PlanError::StatusChange { from, to })?);
        }
        Ok(events)
    }
}

fn revised(was: &PlanDetails, revision: &PlanRevision) -> PlanDetails {
    let PlanRevision {
        name,
        description,
        start_date,
        end_date,
        goal_race_date,
        goal_race_distance_m,
        status: _,
    } = revision.clone();
    PlanDetails {
        name: name.unwrap_or_else(|| was.name.clone()),
        description: description.unwrap_or_else(|| was.description.clone()),
        start_date: start_date.unwrap_or(was.start_date),
        end_date: end_date.unwrap_or(was.end_date),
        goal_race_date: goal_race_date.unwrap_or(was.goal_race_date),
        goal_race_distance_m: goal_race_distance_m.unwrap_or(was.goal_race_distance_m),
    }
}

/// The days workouts move to; an error when any would then lie outside the plan.
fn moved_workouts(
    plan: &Plan,
    was: &PlanDetails,
    is: &PlanDetails,
    shift: ShiftWorkouts,
) -> Result<Vec<(WorkoutId, NaiveDate)>, PlanError> {
    let by = match shift {
        ShiftWorkouts::No => TimeDelta::zero(),
        ShiftWorkouts::Yes => is.start_date - was.start_date,
    };
    let dated = plan
        .workouts
        .iter()
        .filter_map(|(id, workout)| Some((*id, workout, workout.scheduled_date?)));
    let mut moved = Vec::new();
    let mut outside = Vec::new();
    for (workout_id, workout, day) in dated {
        match day.checked_add_signed(by).filter(|day| is.spans(*day)) {
            Some(day) => moved.push((workout_id, day)),
            None => outside.push((workout_id, workout.content.name.as_str().to_owned())),
        }
    }
    if !outside.is_empty() {
        return Err(PlanError::WorkoutsOutside(outside));
    }
    if by.is_zero() {
        moved.clear();
    }
    Ok(moved)
}

/// Names the workouts that would fall outside a plan, the first few of them.
#[derive(Debug)]
pub struct WorkoutsOutside<'a>(pub &'a [(WorkoutId, String)]);

impl fmt::Display for WorkoutsOutside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        write!(f, "{} workout(s) would lie outside the plan: ", self.0.len())?;
        for (index, (workout_id, name)) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name} ({workout_id})")?;
        }
        if self.0.len() > SHOWN {
            f.write_str(", …")?;
        }
        Ok(())
    }
}
