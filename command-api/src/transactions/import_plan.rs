use domain::plan::{
    self, CreatePlan, NewWorkout, Plan, PlanCommand, PlanRevision, PlanStatus, ShiftWorkouts,
    WorkoutFields,
};
use event_store::{Refused, Transaction, Work};
use service::resource::PlanResource;

use super::ownership::plan_resource;
use super::refusal::Stop;
use super::{Imported, Refusal};

/// Brings in a plan with all its workouts at once. One that was brought in before stays as it is,
/// even if it was changed or deleted since.
#[derive(Debug, Clone)]
pub struct ImportPlan {
    /// The plan, with an id derived from what it was read from.
    pub create: CreatePlan,
    /// Its workouts.
    pub workouts: Vec<NewWorkout>,
    /// Where it stands at first.
    pub status: FirstStatus,
}

/// Where an imported plan stands at first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FirstStatus {
    /// Still being written.
    #[default]
    Draft,
    /// Being trained by.
    Active,
}

impl Transaction for ImportPlan {
    type Output = Imported<PlanResource>;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<Imported<PlanResource>, Refused<Refusal>> {
        Ok(self.import(work).await?)
    }
}

impl ImportPlan {
    async fn import(&self, work: &mut Work<'_>) -> Result<Imported<PlanResource>, Stop> {
        let Self { create, workouts, status } = self.clone();
        let mut plan = work.load::<Plan>(create.plan_id.0).await?;
        if plan.state.was_born() {
            return Ok(Imported::AlreadyThere);
        }
        work.decide::<_, Stop>(&mut plan, PlanCommand::Create(create))?;
        let schedule = plan::ScheduleWorkouts { workouts, fields: WorkoutFields::List };
        work.decide::<_, Stop>(&mut plan, PlanCommand::ScheduleWorkouts(schedule))?;
        match status {
            FirstStatus::Draft => {}
            FirstStatus::Active => {
                let revision =
                    PlanRevision { status: Some(PlanStatus::Active), ..PlanRevision::default() };
                let activate = plan::RevisePlan { revision, shift_workouts: ShiftWorkouts::No };
                work.decide::<_, Stop>(&mut plan, PlanCommand::Revise(activate))?;
            }
        }
        Ok(Imported::New(plan_resource(&plan)?))
    }
}
