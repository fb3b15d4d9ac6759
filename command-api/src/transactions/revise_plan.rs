use domain::plan::{self, PlanCommand, PlanRevision, ShiftWorkouts};
use domain::{Decider, PlanId};
use event_store::{Refused, Transaction, Work};
use service::resource::PlanResource;

use super::ownership::{own_plan, plan_resource};
use super::refusal::Stop;
use super::unreadable::broken_rules;
use super::{Precondition, Refusal, Unreadable};

/// Changes what a plan of the caller's says of itself.
#[derive(Debug, Clone)]
pub struct RevisePlan {
    /// The plan.
    pub plan_id: PlanId,
    /// The version that is meant.
    pub precondition: Precondition,
    /// What to change.
    pub revision: PlanRevision,
    /// Whether all workouts move by the change of the first day.
    pub shift_workouts: ShiftWorkouts,
    /// The fields that could not be read.
    pub unreadable: Unreadable,
}

impl Transaction for RevisePlan {
    type Output = PlanResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<PlanResource, Refused<Refusal>> {
        Ok(self.revise(work).await?)
    }
}

impl RevisePlan {
    async fn revise(&self, work: &mut Work<'_>) -> Result<PlanResource, Stop> {
        let Self { plan_id, precondition, revision, shift_workouts, unreadable } = self.clone();
        let mut plan = own_plan(work, plan_id).await?;
        precondition.check(plan.sequence)?;
        let command = PlanCommand::Revise(plan::RevisePlan { revision, shift_workouts });
        if !unreadable.is_empty() {
            unreadable.and(broken_rules(plan.state.decide(command.clone())), about)?;
        }
        work.decide::<_, Stop>(&mut plan, command)?;
        plan_resource(&plan)
    }
}

/// The fields that the rule named by a field is about.
fn about(field: &str) -> &'static [&'static str] {
    match field {
        "end_date" => &["start_date", "end_date"],
        "goal_race_date" => &["start_date", "end_date", "goal_race_date"],
        _ => &[],
    }
}
