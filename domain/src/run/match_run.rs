use super::{Match, Run, RunError, RunEvent, RunMatched};

/// Says that a run fulfils a workout. The plan says so too, in the same commit.
#[derive(Debug, Clone)]
pub struct MatchRun {
    /// The workout.
    pub with: Match,
}

impl MatchRun {
    pub(super) fn decide(self, run: &Run) -> Result<Vec<RunEvent>, RunError> {
        let Match { plan_id, workout_id } = self.with;
        let body = run.body()?;
        match body.matched {
            // Clients retry: already matched with it.
            Some(with) if with == self.with => Ok(vec![]),
            Some(with) => Err(RunError::MatchedWith { workout_id: with.workout_id }),
            None => {
                Ok(vec![RunEvent::Matched(RunMatched { run_id: body.run_id, plan_id, workout_id })])
            }
        }
    }
}

/// Says that a run fulfils no workout any more. The workout is reopened in the same commit.
#[derive(Debug, Clone)]
pub struct UnmatchRun;

impl UnmatchRun {
    pub(super) fn decide(self, run: &Run) -> Result<Vec<RunEvent>, RunError> {
        let body = run.body()?;
        let Match { plan_id, workout_id } = body.matched.ok_or(RunError::NotMatched)?;
        Ok(vec![RunEvent::Unmatched(RunMatched { run_id: body.run_id, plan_id, workout_id })])
    }
}
