use domain::{RunId, WorkoutId};
use event_store::{Refused, Transaction, Work};
use service::resource::RunResource;

use super::matching::{Plans, join, own_run_in_line, part};
use super::ownership::run_resource;
use super::refusal::Stop;
use super::{Precondition, Refusal};

/// Says that a run of the caller's fulfils a workout, which completes it.
#[derive(Debug, Clone)]
pub struct MatchRun {
    /// The run.
    pub run_id: RunId,
    /// The version of the run that is meant.
    pub precondition: Precondition,
    /// The workout.
    pub workout_id: WorkoutId,
}

impl Transaction for MatchRun {
    type Output = RunResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<RunResource, Refused<Refusal>> {
        Ok(self.join(work).await?)
    }
}

impl MatchRun {
    async fn join(&self, work: &mut Work<'_>) -> Result<RunResource, Stop> {
        let mut run = own_run_in_line(work, self.run_id, Some(self.workout_id)).await?;
        self.precondition.check(run.sequence)?;
        join(work, &mut Plans::default(), &mut run, self.workout_id).await?;
        run_resource(&run)
    }
}

/// Says that a run of the caller's fulfils no workout any more, which reopens the one it fulfilled.
#[derive(Debug, Clone)]
pub struct UnmatchRun {
    /// The run.
    pub run_id: RunId,
    /// The version of the run that is meant.
    pub precondition: Precondition,
}

impl Transaction for UnmatchRun {
    type Output = RunResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<RunResource, Refused<Refusal>> {
        Ok(self.part(work).await?)
    }
}

impl UnmatchRun {
    async fn part(&self, work: &mut Work<'_>) -> Result<RunResource, Stop> {
        let mut run = own_run_in_line(work, self.run_id, None).await?;
        self.precondition.check(run.sequence)?;
        part(work, &mut Plans::default(), &mut run).await?;
        run_resource(&run)
    }
}
