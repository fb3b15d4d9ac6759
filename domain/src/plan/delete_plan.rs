use super::{Plan, PlanError, PlanEvent, PlanStatusChanged};

/// Deletes a plan and its workouts. Its runs stay; they lose their match in the same commit.
#[derive(Debug, Clone)]
pub struct DeletePlan;

impl DeletePlan {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let plan_id = plan.body()?.plan_id;
        Ok(vec![PlanEvent::Deleted(PlanStatusChanged { plan_id })])
    }
}
