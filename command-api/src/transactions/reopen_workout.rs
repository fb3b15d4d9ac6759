use chrono::NaiveDate;
use domain::WorkoutId;
use domain::plan::{self, PlanCommand};
use event_store::{Refused, Transaction, Work};
use service::resource::WorkoutResource;

use super::ownership::{own_plan_with, workout_in, workout_resource};
use super::refusal::Stop;
use super::{Precondition, Refusal};

/// Takes a skipped workout of the caller's up again.
#[derive(Debug, Clone)]
pub struct ReopenWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
    /// The version that is meant.
    pub precondition: Precondition,
    /// The date in UTC.
    pub today: NaiveDate,
}

impl Transaction for ReopenWorkout {
    type Output = WorkoutResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<WorkoutResource, Refused<Refusal>> {
        Ok(self.reopen(work).await?)
    }
}

impl ReopenWorkout {
    async fn reopen(&self, work: &mut Work<'_>) -> Result<WorkoutResource, Stop> {
        let Self { workout_id, precondition, today } = self;
        let mut plan = own_plan_with(work, *workout_id).await?;
        precondition.check(workout_in(&plan, *workout_id)?.version)?;
        let reopen = plan::ReopenWorkout { workout_id: *workout_id, released_by: None };
        work.decide::<_, Stop>(&mut plan, PlanCommand::ReopenWorkout(reopen))?;
        Ok(workout_resource(&plan, *workout_id, *today)?)
    }
}
