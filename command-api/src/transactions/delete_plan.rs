use domain::PlanId;
use domain::plan::{self, PlanCommand};
use domain::run::Match;
use event_store::{Refused, Transaction, Work};

use super::matching::release;
use super::ownership::own_plan;
use super::refusal::Stop;
use super::{Precondition, Refusal};

/// Deletes a plan of the caller's with its workouts. The runs that fulfilled them stay, unmatched.
#[derive(Debug, Clone)]
pub struct DeletePlan {
    /// The plan.
    pub plan_id: PlanId,
    /// The version that is meant.
    pub precondition: Precondition,
}

impl Transaction for DeletePlan {
    type Output = ();
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<(), Refused<Refusal>> {
        Ok(self.delete(work).await?)
    }
}

impl DeletePlan {
    async fn delete(&self, work: &mut Work<'_>) -> Result<(), Stop> {
        let plan_id = self.plan_id;
        let mut plan = own_plan(work, plan_id).await?;
        self.precondition.check(plan.sequence)?;
        let workouts = plan.state.workouts().iter();
        let fulfilled: Vec<_> =
            workouts.filter_map(|(id, workout)| Some((*id, workout.run_id?))).collect();
        work.decide::<_, Stop>(&mut plan, PlanCommand::Delete(plan::DeletePlan))?;
        for (workout_id, run_id) in fulfilled {
            release(work, run_id, Match { plan_id, workout_id }).await?;
        }
        Ok(())
    }
}
