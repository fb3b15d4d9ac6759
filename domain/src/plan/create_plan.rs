use super::{Plan, PlanCreated, PlanDetails, PlanError, PlanEvent};
use crate::{OwnerId, PlanId};

/// Begins a plan, as a draft.
#[derive(Debug, Clone)]
pub struct CreatePlan {
    /// The new plan's id.
    pub plan_id: PlanId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// What it says of itself.
    pub details: PlanDetails,
}

impl CreatePlan {
    pub(super) fn decide(self, plan: &Plan) -> Result<Vec<PlanEvent>, PlanError> {
        let Self { plan_id, owner_id, details } = self;
        if plan.born {
            return Err(PlanError::AlreadyExists);
        }
        let violations = details.violations();
        if !violations.is_empty() {
            return Err(PlanError::Invalid(violations));
        }
        Ok(vec![PlanEvent::Created(PlanCreated { plan_id, owner_id, plan: details })])
    }
}
