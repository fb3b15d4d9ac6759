use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{
    CompleteWorkout, CreatePlan, DeletePlan, PlanDetails, PlanError, PlanEvent, PlanStatus,
    RemoveWorkout, ReopenWorkout, RevisePlan, ReviseWorkout, ScheduleWorkouts, SkipWorkout,
    WorkoutContent, WorkoutStatus,
};
use crate::{Decider, OwnerId, PlanId, RunId, WorkoutId};

/// A runner's calendar towards a goal, and the workouts in it.
///
/// It keeps whole details, not only what the rules compare, because "a write that changes nothing
/// stores nothing" is a rule about every field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Set while the plan exists: from its creation to its deletion.
    pub(super) body: Option<Body>,
    /// Whether anything ever happened to it.
    pub(super) born: bool,
    /// Every workout in it.
    pub(super) workouts: BTreeMap<WorkoutId, Arc<ScheduledWorkout>>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
}

/// What an existing plan has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) plan_id: PlanId,
    pub(super) owner_id: OwnerId,
    pub(super) details: PlanDetails,
    pub(super) status: PlanStatus,
    created_at: DateTime<Utc>,
}

/// A workout as its plan knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledWorkout {
    /// What it asks for.
    pub content: WorkoutContent,
    /// Its day, when it has one.
    pub scheduled_date: Option<NaiveDate>,
    /// Where it stands.
    pub status: WorkoutStatus,
    /// The run that fulfilled it.
    pub run_id: Option<RunId>,
    /// How many changes it has seen, its scheduling counted.
    pub version: i64,
    /// When it was scheduled.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Plan {
    /// The most workouts one plan holds.
    pub const MAX_WORKOUTS: usize = 2_000;

    pub(super) fn body(&self) -> Result<&Body, PlanError> {
        self.body.as_ref().ok_or(PlanError::NotFound)
    }

    pub(super) fn workout(&self, workout_id: WorkoutId) -> Result<&ScheduledWorkout, PlanError> {
        self.body()?;
        self.workouts.get(&workout_id).map(Arc::as_ref).ok_or(PlanError::WorkoutNotFound)
    }

    /// Its id, while it exists.
    #[must_use]
    pub fn id(&self) -> Option<PlanId> {
        self.body.as_ref().map(|body| body.plan_id)
    }

    /// Whether it was ever created, even if it was deleted since.
    #[must_use]
    pub fn was_born(&self) -> bool {
        self.born
    }

    /// What it says of itself, while it exists.
    #[must_use]
    pub fn details(&self) -> Option<&PlanDetails> {
        self.body.as_ref().map(|body| &body.details)
    }

    /// Where it stands, while it exists.
    #[must_use]
    pub fn status(&self) -> Option<PlanStatus> {
        self.body.as_ref().map(|body| body.status)
    }

    /// When it was created, while it exists.
    #[must_use]
    pub fn created_at(&self) -> Option<DateTime<Utc>> {
        self.body.as_ref().map(|body| body.created_at)
    }

    /// When its last event was recorded.
    #[must_use]
    pub fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    /// Its workouts.
    #[must_use]
    pub fn workouts(&self) -> &BTreeMap<WorkoutId, Arc<ScheduledWorkout>> {
        &self.workouts
    }

    fn change_workout(
        &mut self,
        id: WorkoutId,
        at: DateTime<Utc>,
        change: impl FnOnce(&mut ScheduledWorkout),
    ) {
        if let Some(workout) = self.workouts.get_mut(&id) {
            let workout = Arc::make_mut(workout);
            change(workout);
            workout.version += 1;
            workout.updated_at = at;
        }
    }

    fn change_details(&mut self, change: impl FnOnce(&mut PlanDetails)) {
        if let Some(body) = &mut self.body {
            change(&mut body.details);
        }
    }

    fn change_status(&mut self, status: PlanStatus) {
        if let Some(body) = &mut self.body {
            body.status = status;
        }
    }
}

impl Decider for Plan {
    fn decide(&self, command: PlanCommand) -> Result<Vec<PlanEvent>, PlanError> {
        match command {
            PlanCommand::Create(command) => command.decide(self),
            PlanCommand::Revise(command) => command.decide(self),
            PlanCommand::Delete(command) => command.decide(self),
            PlanCommand::ScheduleWorkouts(command) => command.decide(self),
            PlanCommand::ReviseWorkout(command) => command.decide(self),
            PlanCommand::RemoveWorkout(command) => command.decide(self),
            PlanCommand::SkipWorkout(command) => command.decide(self),
            PlanCommand::ReopenWorkout(command) => command.decide(self),
            PlanCommand::CompleteWorkout(command) => command.decide(self),
        }
    }

    fn apply_at(&mut self, event: PlanEvent, at: DateTime<Utc>) {
        self.updated_at = at;
        match event {
            PlanEvent::Created(event) => {
                self.born = true;
                self.body = Some(Body {
                    plan_id: event.plan_id,
                    owner_id: event.owner_id,
                    details: event.plan,
                    status: PlanStatus::Draft,
                    created_at: at,
                });
            }
            PlanEvent::Renamed(event) => self.change_details(|details| details.name = event.name),
            PlanEvent::Described(event) => {
                self.change_details(|details| details.description = event.description)
            }
            PlanEvent::Rescheduled(event) => self.change_details(|details| {
                details.start_date = event.start_date;
                details.end_date = event.end_date;
            }),
            PlanEvent::GoalChanged(event) => self.change_details(|details| {
                details.goal_race_date = event.goal_race_date;
                details.goal_race_distance_m = event.goal_race_distance_m;
            }),
            PlanEvent::Activated(_) => self.change_status(PlanStatus::Active),
            PlanEvent::Completed(_) => self.change_status(PlanStatus::Completed),
            PlanEvent::Abandoned(_) => self.change_status(PlanStatus::Abandoned),
            PlanEvent::Deleted(_) => {
                self.body = None;
                self.workouts.clear();
            }
            PlanEvent::WorkoutScheduled(event) => {
                let workout = ScheduledWorkout {
                    content: event.workout,
                    scheduled_date: event.scheduled_date,
                    status: WorkoutStatus::Planned,
                    run_id: None,
                    version: 1,
                    created_at: at,
                    updated_at: at,
                };
                self.workouts.insert(event.workout_id, Arc::new(workout));
            }
            PlanEvent::WorkoutMoved(event) => {
                self.change_workout(event.workout_id, at, |workout| {
                    workout.scheduled_date = event.scheduled_date
                });
            }
            PlanEvent::WorkoutChanged(event) => {
                self.change_workout(event.workout_id, at, |workout| {
                    workout.content = event.workout
                });
            }
            PlanEvent::WorkoutCompleted(event) => {
                self.change_workout(event.workout_id, at, |workout| {
                    workout.status = WorkoutStatus::Completed;
                    workout.run_id = Some(event.run_id);
                })
            }
            PlanEvent::WorkoutSkipped(event) => {
                self.change_workout(event.workout_id, at, |workout| {
                    workout.status = WorkoutStatus::Skipped
                });
            }
            PlanEvent::WorkoutReopened(event) => {
                self.change_workout(event.workout_id, at, |workout| {
                    workout.status = WorkoutStatus::Planned;
                    workout.run_id = None;
                })
            }
            PlanEvent::WorkoutRemoved(event) => {
                self.workouts.remove(&event.workout_id);
            }
        }
    }

    fn owner(&self) -> Option<OwnerId> {
        self.body.as_ref().map(|body| body.owner_id)
    }
}

/// Everything one can ask of a plan.
#[derive(Debug, Clone)]
pub enum PlanCommand {
    /// Begin it.
    Create(CreatePlan),
    /// Change what it says of itself.
    Revise(RevisePlan),
    /// Delete it with its workouts.
    Delete(DeletePlan),
    /// Add workouts, all or none.
    ScheduleWorkouts(ScheduleWorkouts),
    /// Change a workout.
    ReviseWorkout(ReviseWorkout),
    /// Take a workout out.
    RemoveWorkout(RemoveWorkout),
    /// Leave a workout out on purpose.
    SkipWorkout(SkipWorkout),
    /// Take a skipped workout up again.
    ReopenWorkout(ReopenWorkout),
    /// Say that a run fulfilled a workout.
    CompleteWorkout(CompleteWorkout),
}

impl Aggregate for Plan {
    const TYPE: &'static str = "plan";
    type Command = PlanCommand;
    type Event = PlanEvent;
    type Error = PlanError;
    type Services = ();

    async fn handle(
        &mut self,
        command: PlanCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), PlanError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PlanEvent) {
        self.apply_at(event, DateTime::UNIX_EPOCH);
    }
}
