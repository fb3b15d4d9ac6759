use chrono::NaiveDate;
use domain::plan::{self, PlanCommand, ScheduledWorkout, WorkoutRevision};
use domain::{Decider, FieldViolation, PaceRange, PlanId, SecondsPerKm, Violation, WorkoutId};
use event_store::{Refused, Transaction, Work};
use service::resource::WorkoutResource;

use super::ownership::{own_plan_with, workout_in, workout_resource};
use super::refusal::Stop;
use super::unreadable::broken_rules;
use super::{Precondition, Refusal, Unreadable};

/// Changes a workout of the caller's.
#[derive(Debug, Clone)]
pub struct ReviseWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
    /// The version that is meant.
    pub precondition: Precondition,
    /// The plan that the client says it belongs to, which cannot be changed.
    pub plan_id: Option<PlanId>,
    /// What to change, apart from its pace.
    pub revision: WorkoutRevision,
    /// What to change about its pace.
    pub pace: PaceChange,
    /// The fields that could not be read.
    pub unreadable: Unreadable,
    /// The date in UTC.
    pub today: NaiveDate,
}

/// Changes to the ends of a workout's pace. What is `None` stays as it is; an inner `None` clears.
#[derive(Debug, Clone, Copy, Default)]
pub struct PaceChange {
    /// The faster end.
    pub fast: Option<Option<SecondsPerKm>>,
    /// The slower end.
    pub slow: Option<Option<SecondsPerKm>>,
}

impl PaceChange {
    const FAST: &'static str = "target_pace_fast_s_per_km";
    const SLOW: &'static str = "target_pace_slow_s_per_km";

    /// The pace of a workout that has this one until now: both ends, or neither.
    ///
    /// # Errors
    /// What is wrong with the two ends together.
    pub fn applied_to(self, was: Option<PaceRange>) -> Result<Option<PaceRange>, FieldViolation> {
        let fast = self.fast.unwrap_or(was.map(|pace| pace.fast));
        let slow = self.slow.unwrap_or(was.map(|pace| pace.slow));
        let alone = |other: &str| Violation::new("required", format!("must be given with {other}"));
        match (fast, slow) {
            (Some(fast), Some(slow)) => {
                PaceRange::new(fast, slow).map(Some).map_err(|violation| violation.of(Self::FAST))
            }
            (Some(_), None) => Err(alone(Self::FAST).of(Self::SLOW)),
            (None, Some(_)) => Err(alone(Self::SLOW).of(Self::FAST)),
            (None, None) => Ok(None),
        }
    }
}

impl Transaction for ReviseWorkout {
    type Output = WorkoutResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<WorkoutResource, Refused<Refusal>> {
        Ok(self.revise(work).await?)
    }
}

impl ReviseWorkout {
    async fn revise(&self, work: &mut Work<'_>) -> Result<WorkoutResource, Stop> {
        let workout_id = self.workout_id;
        let mut plan = own_plan_with(work, workout_id).await?;
        let workout = workout_in(&plan, workout_id)?;
        self.precondition.check(workout.version)?;
        let (command, mut broken) = self.command(workout);
        if self.plan_id.is_some_and(|stated| stated.0 != plan.id) {
            let elsewhere =
                Violation::new("immutable", "cannot be changed: a workout stays in its plan");
            broken.push(elsewhere.of("plan_id"));
        }
        if !broken.is_empty() || !self.unreadable.is_empty() {
            broken.extend(broken_rules(plan.state.decide(command.clone())));
        }
        self.unreadable.and(broken, about)?;
        work.decide::<_, Stop>(&mut plan, command)?;
        Ok(workout_resource(&plan, workout_id, self.today)?)
    }

    fn command(&self, workout: &ScheduledWorkout) -> (PlanCommand, Vec<FieldViolation>) {
        let was = workout.content.target_pace_s_per_km;
        let (pace, broken) = match self.pace.applied_to(was) {
            Ok(pace) => (pace, vec![]),
            Err(violation) => (was, vec![violation]),
        };
        let revision = WorkoutRevision {
            target_pace_s_per_km: Some(pace).filter(|pace| *pace != was),
            ..self.revision.clone()
        };
        let command = plan::ReviseWorkout { workout_id: self.workout_id, revision };
        (PlanCommand::ReviseWorkout(command), broken)
    }
}

/// The fields that the rule named by a field is about.
fn about(field: &str) -> &'static [&'static str] {
    match field {
        PaceChange::FAST | PaceChange::SLOW => &[PaceChange::FAST, PaceChange::SLOW],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(seconds: i64) -> SecondsPerKm {
        SecondsPerKm::from_seconds(seconds).unwrap()
    }

    fn range(fast: i64, slow: i64) -> PaceRange {
        PaceRange::new(pace(fast), pace(slow)).unwrap()
    }

    #[test]
    fn one_end_is_judged_together_with_the_stored_other() {
        let slower = PaceChange { slow: Some(Some(pace(330))), ..PaceChange::default() };
        assert_eq!(slower.applied_to(Some(range(300, 310))), Ok(Some(range(300, 330))));

        let too_fast = PaceChange { slow: Some(Some(pace(290))), ..PaceChange::default() };
        let refused = too_fast.applied_to(Some(range(300, 310))).unwrap_err();
        assert_eq!(
            (refused.field.as_str(), refused.code),
            (PaceChange::FAST, "fast_slower_than_slow")
        );
    }

    #[test]
    fn a_pace_has_both_ends_or_neither() {
        let alone = PaceChange { fast: Some(Some(pace(300))), slow: None };
        assert_eq!(alone.applied_to(None).unwrap_err().field, PaceChange::SLOW);

        let half_cleared = PaceChange { fast: Some(None), slow: None };
        assert_eq!(
            half_cleared.applied_to(Some(range(300, 310))).unwrap_err().field,
            PaceChange::FAST
        );

        let cleared = PaceChange { fast: Some(None), slow: Some(None) };
        assert_eq!(cleared.applied_to(Some(range(300, 310))), Ok(None));
    }
}
