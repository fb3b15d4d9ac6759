use chrono::NaiveDate;
use domain::WorkoutId;
use domain::plan::{self, PlanCommand};
use event_store::{Refused, Transaction, Work};
use service::resource::WorkoutResource;

use super::ownership::{own_plan_with, workout_in, workout_resource};
use super::refusal::Stop;
use super::{Precondition, Refusal};

/// Leaves a workout of the caller's out on purpose.
#[derive(Debug, Clone)]
pub struct SkipWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
    /// The version that is meant.
    pub precondition: Precondition,
    /// The date in UTC.
    pub today: NaiveDate,
}

impl Transaction for SkipWorkout {
    type Output = WorkoutResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<WorkoutResource, Refused<Refusal>> {
        Ok(self.skip(work).await?)
    }
}

impl SkipWorkout {
    async fn skip(&self, work: &mut Work<'_>) -> Result<WorkoutResource, Stop> {
        let Self { workout_id, precondition, today } = self;
        let mut plan = own_plan_with(work, *workout_id).await?;
        precondition.check(workout_in(&plan, *workout_id)?.version)?;
        let skip = plan::SkipWorkout { workout_id: *workout_id };
        work.decide::<_, Stop>(&mut plan, PlanCommand::SkipWorkout(skip))?;
        Ok(workout_resource(&plan, *workout_id, *today)?)
    }
}
