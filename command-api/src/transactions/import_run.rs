use domain::WorkoutId;
use domain::run::{self, Run, RunCommand};
use event_store::{Refused, Transaction, Work};
use serde::{Deserialize, Serialize};
use service::resource::RunResource;

use super::Refusal;
use super::matching::{Plans, join};
use super::ownership::{own_plan_with, run_resource};
use super::refusal::Stop;

/// Brings in a run. One that was brought in before stays as it is, even if it was changed or
/// deleted since.
#[derive(Debug, Clone)]
pub struct ImportRun {
    /// The run, with an id derived from its id at its source.
    pub record: run::RecordRun,
    /// The workout it fulfils.
    pub workout_id: Option<WorkoutId>,
}

/// What became of bringing something in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Imported<T> {
    /// It was not there before.
    New(T),
    /// It was brought in earlier; nothing happened.
    AlreadyThere,
}

impl Transaction for ImportRun {
    type Output = Imported<RunResource>;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<Imported<RunResource>, Refused<Refusal>> {
        Ok(self.import(work).await?)
    }
}

impl ImportRun {
    async fn import(&self, work: &mut Work<'_>) -> Result<Imported<RunResource>, Stop> {
        // No need to wait in line for a run that is not there: two who bring it in at once are told apart
        // by the append.
        let mut run = work.peek::<Run>(self.record.run_id.0).await?;
        if run.state.was_born() {
            return Ok(Imported::AlreadyThere);
        }
        if let Some(workout_id) = self.workout_id {
            // Waits in line for the plan.
            own_plan_with(work, workout_id).await?;
        }
        work.decide::<_, Stop>(&mut run, RunCommand::Record(self.record.clone()))?;
        if let Some(workout_id) = self.workout_id {
            join(work, &mut Plans::default(), &mut run, workout_id).await?;
        }
        Ok(Imported::New(run_resource(&run)?))
    }
}
