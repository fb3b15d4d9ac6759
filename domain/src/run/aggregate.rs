use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{
    CorrectRun, DeleteRun, MatchRun, RecordRun, RunDetails, RunError, RunEvent, Source, UnmatchRun,
};
use crate::{Decider, OwnerId, PlanId, RunId, WorkoutId};

/// One run of a runner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub(super) body: Option<Body>,
    pub(super) born: bool,
    updated_at: DateTime<Utc>,
}

/// What an existing run has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) run_id: RunId,
    owner_id: OwnerId,
    source: Source,
    external_id: Option<String>,
    pub(super) details: RunDetails,
    pub(super) matched: Option<Match>,
    created_at: DateTime<Utc>,
}

/// The workout that a run fulfils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The workout's plan.
    pub plan_id: PlanId,
    /// The workout.
    pub workout_id: WorkoutId,
}

impl Run {
    pub(super) fn body(&self) -> Result<&Body, RunError> {
        self.body.as_ref().ok_or(RunError::NotFound)
    }

    /// Its id, while it exists.
    #[must_use]
    pub fn id(&self) -> Option<RunId> {
        self.body.as_ref().map(|body| body.run_id)
    }

    /// Whether it was ever recorded, even if it was deleted since.
    #[must_use]
    pub fn was_born(&self) -> bool {
        self.born
    }

    /// What it was like, while it exists.
    #[must_use]
    pub fn details(&self) -> Option<&RunDetails> {
        self.body.as_ref().map(|body| &body.details)
    }

    /// Where it came from and its id there, while it exists.
    #[must_use]
    pub fn source(&self) -> Option<(Source, Option<&str>)> {
        self.body.as_ref().map(|body| (body.source, body.external_id.as_deref()))
    }

    /// The workout it fulfils.
    #[must_use]
    pub fn matched(&self) -> Option<Match> {
        self.body.as_ref().and_then(|body| body.matched)
    }

    /// When it was recorded, while it exists.
    #[must_use]
    pub fn created_at(&self) -> Option<DateTime<Utc>> {
        self.body.as_ref().map(|body| body.created_at)
    }

    /// When its last event was recorded.
    #[must_use]
    pub fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }
}

impl Decider for Run {
    fn decide(&self, command: RunCommand) -> Result<Vec<RunEvent>, RunError> {
        match command {
            RunCommand::Record(command) => command.decide(self),
            RunCommand::Correct(command) => command.decide(self),
            RunCommand::Match(command) => command.decide(self),
            RunCommand::Unmatch(command) => command.decide(self),
            RunCommand::Delete(command) => command.decide(self),
        }
    }

    fn apply_at(&mut self, event: RunEvent, at: DateTime<Utc>) {
        self.updated_at = at;
        match event {
            RunEvent::Recorded(event) => {
                self.born = true;
                self.body = Some(Body {
                    run_id: event.run_id,
                    owner_id: event.owner_id,
                    source: event.source,
                    external_id: event.external_id,
                    details: event.run,
                    matched: None,
                    created_at: at,
                });
            }
            RunEvent::Corrected(event) => {
                if let Some(body) = &mut self.body {
                    body.details = event.run;
                }
            }
            RunEvent::Matched(event) => {
                if let Some(body) = &mut self.body {
                    body.matched =
                        Some(Match { plan_id: event.plan_id, workout_id: event.workout_id });
                }
            }
            RunEvent::Unmatched(_) => {
                if let Some(body) = &mut self.body {
                    body.matched = None;
                }
            }
            RunEvent::Deleted(_) => self.body = None,
        }
    }

    fn owner(&self) -> Option<OwnerId> {
        self.body.as_ref().map(|body| body.owner_id)
    }
}

/// Everything one can ask of a run.
#[derive(Debug, Clone)]
pub enum RunCommand {
    /// Record it.
    Record(RecordRun),
    /// Say what it was really like.
    Correct(CorrectRun),
    /// Say that it fulfils a workout.
    Match(MatchRun),
    /// Say that it fulfils none.
    Unmatch(UnmatchRun),
    /// Delete it.
    Delete(DeleteRun),
}

impl Aggregate for Run {
    const TYPE: &'static str = "run";
    type Command = RunCommand;
    type Event = RunEvent;
    type Error = RunError;
    type Services = ();

    async fn handle(
        &mut self,
        command: RunCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), RunError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: RunEvent) {
        self.apply_at(event, DateTime::UNIX_EPOCH);
    }
}
