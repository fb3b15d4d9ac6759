use domain::RunId;
use domain::run::{self, RunCommand};
use event_store::{Refused, Transaction, Work};

use super::matching::{Plans, own_run_in_line, reopen};
use super::refusal::Stop;
use super::{Precondition, Refusal};

/// Deletes a run of the caller's, which reopens the workout it fulfilled.
#[derive(Debug, Clone)]
pub struct DeleteRun {
    /// The run.
    pub run_id: RunId,
    /// The version that is meant.
    pub precondition: Precondition,
}

impl Transaction for DeleteRun {
    type Output = ();
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<(), Refused<Refusal>> {
        Ok(self.delete(work).await?)
    }
}

impl DeleteRun {
    async fn delete(&self, work: &mut Work<'_>) -> Result<(), Stop> {
        let mut run = own_run_in_line(work, self.run_id, None).await?;
        self.precondition.check(run.sequence)?;
        let matched = run.state.matched();
        work.decide::<_, Stop>(&mut run, RunCommand::Delete(run::DeleteRun))?;
        match matched {
            Some(with) => reopen(work, &mut Plans::default(), self.run_id, with).await,
            None => Ok(()),
        }
    }
}
