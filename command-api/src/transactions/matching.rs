//! Runs and the workouts they fulfil. A match is told twice, by the run and by the workout's plan,
//! and both sides change in one append.
//!
//! Every change of a match writes the run, whose sequence the append checks, and compares it with a
//! plan that was loaded after it. So when the two disagree, either one came from memory and is out
//! of date, which is decided again, or somebody is changing them, which the append notices.

use domain::plan::{CompleteWorkout, Plan, PlanCommand, PlanError, ReopenWorkout};
use domain::run::{Match, MatchRun, Run, RunCommand, RunError, UnmatchRun};
use domain::{Decider, PlanId, RunId, WorkoutId};
use event_store::{Loaded, Work};

use super::Refusal;
use super::ownership::{own_run, workout_in};
use super::refusal::Stop;

/// The plans that a transaction has loaded: each once, so that a second command sees what the first
/// has changed.
#[derive(Default)]
pub(super) struct Plans(Vec<Loaded<Plan>>);

impl Plans {
    async fn load(
        &mut self,
        work: &mut Work<'_>,
        plan_id: PlanId,
    ) -> Result<&mut Loaded<Plan>, Stop> {
        let index = match self.0.iter().position(|plan| plan.id == plan_id.0) {
            Some(index) => index,
            None => {
                self.0.push(work.load::<Plan>(plan_id.0).await?);
                self.0.len() - 1
            }
        };
        Ok(&mut self.0[index])
    }
}

/// Loads a run of the caller's whose match may change, to this workout or away from another.
///
/// Many runs meet in one plan, so the plan is what such commands wait in line for.
pub(super) async fn own_run_in_line(
    work: &mut Work<'_>,
    run_id: RunId,
    workout_id: Option<WorkoutId>,
) -> Result<Loaded<Run>, Stop> {
    let future = match workout_id {
        Some(workout_id) => work.plan_of_workout(workout_id).await?,
        None => None,
    };
    let plan_id = match future {
        Some(plan_id) => Some(plan_id),
        None => {
            let run = work.peek::<Run>(run_id.0).await?;
            run.state.matched().map(|matched| matched.plan_id)
        }
    };
    if let Some(plan_id) = plan_id {
        work.load::<Plan>(plan_id.0).await?;
    }
    own_run(work, run_id).await
}

/// Says that a run fulfils a workout.
pub(super) async fn join(
    work: &mut Work<'_>,
    plans: &mut Plans,
    run: &mut Loaded<Run>,
    workout_id: WorkoutId,
) -> Result<(), Stop> {
    let plan_id = work.plan_of_workout(workout_id).await?.ok_or(PlanError::WorkoutNotFound)?;
    let plan = plans.load(work, plan_id).await?;
    if plan.state.owner() != Some(work.owner()) {
        return Err(PlanError::WorkoutNotFound.into());
    }
    let run_id = RunId(run.id);
    let with = Match { plan_id, workout_id };
    let workout = workout_in(plan, workout_id)?;
    if run.state.matched() == Some(with) {
        return Ok(());
    }
    if workout.run_id == Some(run_id) && work.may_be_stale() {
        return Err(Refusal::Outrun.into());
    }
    work.decide::<_, Stop>(run, RunCommand::Match(MatchRun { with }))?;
    let complete = CompleteWorkout { workout_id, run_id };
    work.decide::<_, Stop>(plan, PlanCommand::CompleteWorkout(complete))
}

/// Says that a run fulfils no workout any more, which reopens the one it fulfilled.
pub(super) async fn part(
    work: &mut Work<'_>,
    plans: &mut Plans,
    run: &mut Loaded<Run>,
) -> Result<(), Stop> {
    let with = run.state.matched().ok_or(RunError::NotMatched)?;
    work.decide::<_, Stop>(run, RunCommand::Unmatch(UnmatchRun))?;
    reopen(work, plans, RunId(run.id), with).await
}

/// Reopens the workout that a run fulfilled until now, if it is still there.
pub(super) async fn reopen(
    work: &mut Work<'_>,
    plans: &mut Plans,
    run_id: RunId,
    with: Match,
) -> Result<(), Stop> {
    let Match { plan_id, workout_id } = with;
    let plan = plans.load(work, plan_id).await?;
    if workout_in(plan, workout_id).is_ok_and(|workout| workout.run_id == Some(run_id)) {
        let reopen = ReopenWorkout { workout_id, released_by: Some(run_id) };
        return work.decide::<_, Stop>(plan, PlanCommand::ReopenWorkout(reopen));
    }
    if work.may_be_stale() { Err(Refusal::Outrun.into()) } else { Ok(()) }
}

/// Takes the match from the run that fulfilled a workout which is going. The run stays.
pub(super) async fn release(work: &mut Work<'_>, run_id: RunId, with: Match) -> Result<(), Stop> {
    let mut run = work.load::<Run>(run_id.0).await?;
    if run.state.matched() == Some(with) {
        return work.decide::<_, Stop>(&mut run, RunCommand::Unmatch(UnmatchRun));
    }
    if work.may_be_stale() { Err(Refusal::Outrun.into()) } else { Ok(()) }
}
