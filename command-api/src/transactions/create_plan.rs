use domain::PlanId;
use domain::plan::{self, Plan, PlanCommand, PlanDetails};
use event_store::{Refused, Transaction, Work};
use service::resource::PlanResource;

use super::Refusal;
use super::ownership::plan_resource;
use super::refusal::Stop;

/// Begins a plan of the caller's, as a draft.
#[derive(Debug, Clone)]
pub struct CreatePlan {
    /// The new plan's id, just made.
    pub plan_id: PlanId,
    /// What it says of itself.
    pub details: PlanDetails,
}

impl Transaction for CreatePlan {
    type Output = PlanResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<PlanResource, Refused<Refusal>> {
        Ok(self.create(work)?)
    }
}

impl CreatePlan {
    fn create(&self, work: &mut Work<'_>) -> Result<PlanResource, Stop> {
        let Self { plan_id, details } = self.clone();
        let mut plan = work.begin::<Plan>(plan_id.0);
        let create = plan::CreatePlan { plan_id, owner_id: work.owner(), details };
        work.decide::<_, Stop>(&mut plan, PlanCommand::Create(create))?;
        plan_resource(&plan)
    }
}
