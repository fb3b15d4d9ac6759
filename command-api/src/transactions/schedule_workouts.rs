use chrono::NaiveDate;
use domain::plan::{self, NewWorkout, PlanCommand, PlanDetails, WorkoutFields, outside_plan};
use domain::{FieldViolation, PlanId};
use event_store::{Refused, Transaction, Work};
use service::resource::WorkoutResource;

use super::ownership::{own_plan, workout_resource};
use super::refusal::Stop;
use super::{Refusal, Unreadable};

/// Adds workouts to a plan of the caller's, all or none.
#[derive(Debug, Clone)]
pub struct ScheduleWorkouts {
    /// The plan.
    pub plan_id: PlanId,
    /// The workouts, with ids just made.
    pub workouts: Vec<NewWorkout>,
    /// How their fields are called in refusals.
    pub fields: WorkoutFields,
    /// The date in UTC.
    pub today: NaiveDate,
}

impl Transaction for ScheduleWorkouts {
    type Output = Vec<WorkoutResource>;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<Vec<WorkoutResource>, Refused<Refusal>> {
        Ok(self.schedule(work).await?)
    }
}

impl ScheduleWorkouts {
    async fn schedule(&self, work: &mut Work<'_>) -> Result<Vec<WorkoutResource>, Stop> {
        let Self { plan_id, workouts, fields, today } = self;
        let mut plan = own_plan(work, *plan_id).await?;
        let ids: Vec<_> = workouts.iter().map(|workout| workout.workout_id).collect();
        let schedule = plan::ScheduleWorkouts { workouts: workouts.clone(), fields: *fields };
        work.decide::<_, Stop>(&mut plan, PlanCommand::ScheduleWorkouts(schedule))?;
        let scheduled = ids.into_iter().map(|id| workout_resource(&plan, id, *today));
        Ok(scheduled.collect::<Result<_, _>>()?)
    }
}

/// Workouts that cannot be scheduled, because fields of theirs could not be read.
///
/// Always refused: with those fields it names the days that lie outside the plan.
#[derive(Debug, Clone)]
pub struct UnreadableWorkouts {
    /// The plan.
    pub plan_id: PlanId,
    /// The days that could be read, with the names of their fields.
    pub days: Vec<(String, NaiveDate)>,
    /// The fields that could not be read.
    pub unreadable: Unreadable,
}

impl Transaction for UnreadableWorkouts {
    type Output = Vec<WorkoutResource>;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<Vec<WorkoutResource>, Refused<Refusal>> {
        let plan = own_plan(work, self.plan_id).await?;
        let outside = plan.state.details().map(|details| self.outside(details)).unwrap_or_default();
        self.unreadable.and(outside, |_| &[]).map_err(Stop::from)?;
        Ok(vec![])
    }
}

impl UnreadableWorkouts {
    fn outside(&self, plan: &PlanDetails) -> Vec<FieldViolation> {
        let outside = self.days.iter().filter(|(_, day)| !plan.spans(*day));
        outside.map(|(field, _)| outside_plan().of(field)).collect()
    }
}
