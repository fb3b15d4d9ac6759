use super::{Run, RunDeleted, RunError, RunEvent};

/// Deletes a run. A workout it fulfilled is reopened in the same commit.
#[derive(Debug, Clone)]
pub struct DeleteRun;

impl DeleteRun {
    pub(super) fn decide(self, run: &Run) -> Result<Vec<RunEvent>, RunError> {
        Ok(vec![RunEvent::Deleted(RunDeleted { run_id: run.body()?.run_id })])
    }
}
