use domain::WorkoutId;
use domain::run::{self, Run, RunCommand};
use event_store::{Refused, Transaction, Work};
use service::resource::RunResource;

use super::Refusal;
use super::matching::{Plans, join};
use super::ownership::{own_plan_with, run_resource};
use super::refusal::Stop;

/// Records a run of the caller's, which completes the workout that it was run for.
#[derive(Debug, Clone)]
pub struct RecordRun {
    /// The run, with an id just made.
    pub record: run::RecordRun,
    /// The workout it fulfils.
    pub workout_id: Option<WorkoutId>,
}

impl Transaction for RecordRun {
    type Output = RunResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<RunResource, Refused<Refusal>> {
        Ok(self.record(work).await?)
    }
}

impl RecordRun {
    async fn record(&self, work: &mut Work<'_>) -> Result<RunResource, Stop> {
        if let Some(workout_id) = self.workout_id {
            // Waits in line for the plan.
            own_plan_with(work, workout_id).await?;
        }
        let mut run = work.begin::<Run>(self.record.run_id.0);
        work.decide::<_, Stop>(&mut run, RunCommand::Record(self.record.clone()))?;
        if let Some(workout_id) = self.workout_id {
            join(work, &mut Plans::default(), &mut run, workout_id).await?;
        }
        run_resource(&run)
    }
}
