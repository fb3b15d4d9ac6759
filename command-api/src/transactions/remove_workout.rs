use domain::plan::{self, PlanCommand};
use domain::run::Match;
use domain::{PlanId, WorkoutId};
use event_store::{Refused, Transaction, Work};

use super::matching::release;
use super::ownership::{own_plan_with, workout_in};
use super::refusal::Stop;
use super::{Precondition, Refusal};

/// Takes a workout of the caller's out of its plan. The run that fulfilled it stays, unmatched.
#[derive(Debug, Clone)]
pub struct RemoveWorkout {
    /// The workout.
    pub workout_id: WorkoutId,
    /// The version that is meant.
    pub precondition: Precondition,
}

impl Transaction for RemoveWorkout {
    type Output = ();
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<(), Refused<Refusal>> {
        Ok(self.remove(work).await?)
    }
}

impl RemoveWorkout {
    async fn remove(&self, work: &mut Work<'_>) -> Result<(), Stop> {
        let workout_id = self.workout_id;
        let mut plan = own_plan_with(work, workout_id).await?;
        let workout = workout_in(&plan, workout_id)?;
        self.precondition.check(workout.version)?;
        let fulfilled_by = workout.run_id;
        let remove = plan::RemoveWorkout { workout_id };
        work.decide::<_, Stop>(&mut plan, PlanCommand::RemoveWorkout(remove))?;
        if let Some(run_id) = fulfilled_by {
            release(work, run_id, Match { plan_id: PlanId(plan.id), workout_id }).await?;
        }
        Ok(())
    }
}
