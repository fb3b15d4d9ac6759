//! One command of a test: any number of steps over plans, runs and their PDFs, appended together.

use std::collections::BTreeMap;

use domain::plan::{Plan, PlanCommand, PlanError};
use domain::plan_export::{PlanExport, PlanExportCommand, PlanExportError};
use domain::run::{Run, RunCommand, RunError};
use domain::{ExportId, PlanId, RunId};
use event_store::{Refused, StoreError, Transaction, Work};

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Plan(PlanId, PlanCommand),
    Run(RunId, RunCommand),
    Export(ExportId, PlanExportCommand),
}

pub(crate) struct Steps(pub(crate) Vec<Step>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Plan(PlanError),
    #[error(transparent)]
    Run(RunError),
    #[error(transparent)]
    Export(PlanExportError),
}

/// `Refused` cannot have our `From`s: it belongs to another crate.
enum Stop {
    Refusal(Refusal),
    Store(StoreError),
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        Self::Refusal(Refusal::Plan(error))
    }
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Self {
        Self::Refusal(Refusal::Run(error))
    }
}

impl From<PlanExportError> for Stop {
    fn from(error: PlanExportError) -> Self {
        Self::Refusal(Refusal::Export(error))
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for Refused<Refusal> {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refusal(refusal) => Self::Rule(refusal),
            Stop::Store(error) => Self::Store(error),
        }
    }
}

impl Transaction for Steps {
    type Output = ();
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<(), Refused<Refusal>> {
        let mut plans = BTreeMap::new();
        let mut runs = BTreeMap::new();
        let mut exports = BTreeMap::new();
        for step in &self.0 {
            match step {
                Step::Plan(plan_id, command) => {
                    let mut plan = match plans.remove(plan_id) {
                        Some(plan) => plan,
                        None => work.load::<Plan>(plan_id.0).await?,
                    };
                    work.decide::<Plan, Stop>(&mut plan, command.clone())?;
                    plans.insert(*plan_id, plan);
                }
                Step::Run(run_id, command) => {
                    let mut run = match runs.remove(run_id) {
                        Some(run) => run,
                        None => work.load::<Run>(run_id.0).await?,
                    };
                    work.decide::<Run, Stop>(&mut run, command.clone())?;
                    runs.insert(*run_id, run);
                }
                Step::Export(pdf_id, command) => {
                    let mut export = match exports.remove(pdf_id) {
                        Some(export) => export,
                        None => work.load::<PlanExport>(pdf_id.0).await?,
                    };
                    work.decide::<PlanExport, Stop>(&mut export, command.clone())?;
                    exports.insert(*pdf_id, export);
                }
            }
        }
        Ok(())
    }
}
