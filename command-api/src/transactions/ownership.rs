//! Loading what is the caller's own. Another's answers as if it were not there.

use chrono::NaiveDate;
use domain::plan::{Plan, PlanError, ScheduledWorkout};
use domain::run::{Run, RunError};
use domain::{Decider, PlanId, RunId, WorkoutId};
use event_store::{Loaded, Work};
use service::resource::{PlanResource, RunResource, WorkoutResource};

use super::refusal::Stop;

pub(super) async fn own_plan(work: &mut Work<'_>, plan_id: PlanId) -> Result<Loaded<Plan>, Stop> {
    let plan = work.load::<Plan>(plan_id.0).await?;
    if plan.state.owner() != Some(work.owner()) {
        return Err(PlanError::NotFound.into());
    }
    Ok(plan)
}

/// The plan that holds a workout of the caller's.
pub(super) async fn own_plan_with(
    work: &mut Work<'_>,
    workout_id: WorkoutId,
) -> Result<Loaded<Plan>, Stop> {
    let plan_id = work.plan_of_workout(workout_id).await?.ok_or(PlanError::WorkoutNotFound)?;
    let plan = work.load::<Plan>(plan_id.0).await?;
    if plan.state.owner() != Some(work.owner()) {
        return Err(PlanError::WorkoutNotFound.into());
    }
    workout_in(&plan, workout_id)?;
    Ok(plan)
}

pub(super) async fn own_run(work: &mut Work<'_>, run_id: RunId) -> Result<Loaded<Run>, Stop> {
    let run = work.load::<Run>(run_id.0).await?;
    if run.state.owner() != Some(work.owner()) {
        return Err(RunError::NotFound.into());
    }
    Ok(run)
}

pub(super) fn workout_in(
    plan: &Loaded<Plan>,
    workout_id: WorkoutId,
) -> Result<&ScheduledWorkout, PlanError> {
    plan.state.workouts().get(&workout_id).map(AsRef::as_ref).ok_or(PlanError::WorkoutNotFound)
}

/// A workout as its plan has it now.
pub(super) fn workout_resource(
    plan: &Loaded<Plan>,
    workout_id: WorkoutId,
    today: NaiveDate,
) -> Result<WorkoutResource, PlanError> {
    let workout = workout_in(plan, workout_id)?;
    Ok(WorkoutResource::of(PlanId(plan.id), workout_id, workout, today))
}

/// A plan as it is now.
pub(super) fn plan_resource(plan: &Loaded<Plan>) -> Result<PlanResource, Stop> {
    Ok(PlanResource::of(&plan.state, plan.sequence).ok_or(PlanError::NotFound)?)
}

/// A run as it is now.
pub(super) fn run_resource(run: &Loaded<Run>) -> Result<RunResource, Stop> {
    Ok(RunResource::of(&run.state, run.sequence).ok_or(RunError::NotFound)?)
}
