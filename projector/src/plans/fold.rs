use std::collections::{BTreeMap, BTreeSet};

use domain::plan::{PlanCreated, PlanEvent, PlanStatus, WorkoutScheduled, WorkoutStatus};
use domain::{RunId, WorkoutId};
use event_store::RecordedEvent;
use uuid::Uuid;

use super::row::{PlanRow, WorkoutRow};

/// The plans and workouts a batch touches, and what becomes of them. Sorted by id, as their indexes are.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    plans: BTreeMap<Uuid, PlanRow>,
    workouts: BTreeMap<Uuid, WorkoutRow>,
    gone_plans: BTreeSet<Uuid>,
    gone_workouts: BTreeSet<Uuid>,
}

/// What to write.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) plans: Vec<PlanRow>,
    pub(crate) workouts: Vec<WorkoutRow>,
    /// Their workouts go with them.
    pub(super) gone_plans: Vec<Uuid>,
    pub(super) gone_workouts: Vec<Uuid>,
}

/// What has rows already: the first event in the batch is not the birth.
#[derive(Debug, Default)]
pub(super) struct Older {
    pub(super) plans: Vec<Uuid>,
    pub(super) workouts: Vec<Uuid>,
}

pub(super) fn born_before(events: &[(&RecordedEvent, PlanEvent)]) -> Older {
    let mut born = BTreeSet::new();
    let (mut plans, mut workouts) = (BTreeSet::new(), BTreeSet::new());
    for (event, plan_event) in events {
        if let PlanEvent::Created(_) = plan_event {
            born.insert(event.aggregate_id);
        } else if !born.contains(&event.aggregate_id) {
            plans.insert(event.aggregate_id);
        }
        match workout_of(plan_event) {
            Some((workout_id, Birth::Here)) => {
                born.insert(workout_id.0);
            }
            Some((workout_id, Birth::Before)) if !born.contains(&workout_id.0) => {
                workouts.insert(workout_id.0);
            }
            Some((_, Birth::Before)) | None => {}
        }
    }
    Older { plans: plans.into_iter().collect(), workouts: workouts.into_iter().collect() }
}

enum Birth {
    Here,
    Before,
}

/// The workout an event is about.
fn workout_of(event: &PlanEvent) -> Option<(WorkoutId, Birth)> {
    match event {
        PlanEvent::WorkoutScheduled(event) => Some((event.workout_id, Birth::Here)),
        PlanEvent::WorkoutMoved(event) => Some((event.workout_id, Birth::Before)),
        PlanEvent::WorkoutChanged(event) => Some((event.workout_id, Birth::Before)),
        PlanEvent::WorkoutCompleted(event) => Some((event.workout_id, Birth::Before)),
        PlanEvent::WorkoutSkipped(event)
        | PlanEvent::WorkoutReopened(event)
        | PlanEvent::WorkoutRemoved(event) => Some((event.workout_id, Birth::Before)),
        PlanEvent::Created(_)
        | PlanEvent::Renamed(_)
        | PlanEvent::Described(_)
        | PlanEvent::Rescheduled(_)
        | PlanEvent::GoalChanged(_)
        | PlanEvent::Activated(_)
        | PlanEvent::Completed(_)
        | PlanEvent::Abandoned(_)
        | PlanEvent::Deleted(_) => None,
    }
}

impl Fold {
    pub(super) fn start_with_plans(&mut self, rows: Vec<PlanRow>) {
        self.plans.extend(rows.into_iter().map(|row| (row.plan_id, row)));
    }

    pub(super) fn start_with_workouts(&mut self, rows: Vec<WorkoutRow>) {
        self.workouts.extend(rows.into_iter().map(|row| (row.workout_id, row)));
    }

    pub(crate) fn apply(&mut self, event: &RecordedEvent, plan_event: PlanEvent) {
        // Every event of a plan's stream is a new version of the plan.
        if let Some(plan) = self.plans.get_mut(&event.aggregate_id) {
            plan.version = event.sequence;
            plan.updated_at = event.recorded_at;
        }
        match plan_event {
            PlanEvent::Created(created) => {
                self.plans.insert(event.aggregate_id, born(event, created));
            }
            PlanEvent::Renamed(renamed) => {
                self.plan(event, |plan| plan.name = renamed.name.as_str().to_owned())
            }
            PlanEvent::Described(described) => self.plan(event, |plan| {
                plan.description = described.description.map(|text| text.as_str().to_owned());
            }),
            PlanEvent::Rescheduled(rescheduled) => self.plan(event, |plan| {
                plan.start_date = rescheduled.start_date;
                plan.end_date = rescheduled.end_date;
            }),
            PlanEvent::GoalChanged(goal) => self.plan(event, |plan| {
                plan.goal_race_date = goal.goal_race_date;
                plan.goal_race_distance_m =
                    goal.goal_race_distance_m.map(|distance| i64::from(distance.metres()));
            }),
            PlanEvent::Activated(_) => self.status(event, PlanStatus::Active),
            PlanEvent::Completed(_) => self.status(event, PlanStatus::Completed),
            PlanEvent::Abandoned(_) => self.status(event, PlanStatus::Abandoned),
            PlanEvent::Deleted(_) => {
                self.plans.remove(&event.aggregate_id);
                self.workouts.retain(|_, workout| workout.plan_id != event.aggregate_id);
                self.gone_plans.insert(event.aggregate_id);
            }
            PlanEvent::WorkoutScheduled(scheduled) => self.schedule(event, scheduled),
            PlanEvent::WorkoutMoved(moved) => {
                self.workout(event, moved.workout_id, |workout| {
                    workout.scheduled_date = moved.scheduled_date
                });
            }
            PlanEvent::WorkoutChanged(changed) => {
                self.workout(event, changed.workout_id, |workout| workout.ask(changed.workout));
            }
            PlanEvent::WorkoutCompleted(completed) => {
                self.settle(
                    event,
                    completed.workout_id,
                    WorkoutStatus::Completed,
                    Some(completed.run_id),
                );
            }
            PlanEvent::WorkoutSkipped(skipped) => {
                self.settle(event, skipped.workout_id, WorkoutStatus::Skipped, None)
            }
            PlanEvent::WorkoutReopened(reopened) => {
                self.settle(event, reopened.workout_id, WorkoutStatus::Planned, None);
            }
            PlanEvent::WorkoutRemoved(removed) => {
                self.workouts.remove(&removed.workout_id.0);
                self.gone_workouts.insert(removed.workout_id.0);
                self.plan(event, |plan| plan.workout_count -= 1);
            }
        }
    }

    fn plan(&mut self, event: &RecordedEvent, change: impl FnOnce(&mut PlanRow)) {
        if let Some(plan) = self.plans.get_mut(&event.aggregate_id) {
            change(plan);
        }
    }

    fn status(&mut self, event: &RecordedEvent, status: PlanStatus) {
        self.plan(event, |plan| plan.status = status.as_str().to_owned());
    }

    fn workout(
        &mut self,
        event: &RecordedEvent,
        id: WorkoutId,
        change: impl FnOnce(&mut WorkoutRow),
    ) {
        if let Some(workout) = self.workouts.get_mut(&id.0) {
            change(workout);
            workout.version += 1;
            workout.updated_at = event.recorded_at;
        }
    }

    fn settle(
        &mut self,
        event: &RecordedEvent,
        id: WorkoutId,
        status: WorkoutStatus,
        run_id: Option<RunId>,
    ) {
        self.workout(event, id, |workout| {
            workout.status = status.as_str().to_owned();
            workout.run_id = run_id.map(|run_id| run_id.0);
        });
    }

    fn schedule(&mut self, event: &RecordedEvent, scheduled: WorkoutScheduled) {
        let mut workout = WorkoutRow {
            workout_id: scheduled.workout_id.0,
            plan_id: event.aggregate_id,
            owner_id: event.owner_id.0,
            name: String::new(),
            workout_type: String::new(),
            description: None,
            scheduled_date: scheduled.scheduled_date,
            distance_m: None,
            duration_minutes: None,
            target_pace_fast_s_per_km: None,
            target_pace_slow_s_per_km: None,
            status: WorkoutStatus::Planned.as_str().to_owned(),
            run_id: None,
            version: 1,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        };
        workout.ask(scheduled.workout);
        // One that was taken out in the same batch is back.
        self.gone_workouts.remove(&scheduled.workout_id.0);
        self.workouts.insert(scheduled.workout_id.0, workout);
        self.plan(event, |plan| plan.workout_count += 1);
    }

    pub(crate) fn finish(self) -> Changes {
        Changes {
            plans: self.plans.into_values().collect(),
            workouts: self.workouts.into_values().collect(),
            gone_plans: self.gone_plans.into_iter().collect(),
            gone_workouts: self.gone_workouts.into_iter().collect(),
        }
    }
}

fn born(event: &RecordedEvent, created: PlanCreated) -> PlanRow {
    let PlanCreated { plan_id, owner_id, plan } = created;
    PlanRow {
        plan_id: plan_id.0,
        owner_id: owner_id.0,
        name: plan.name.as_str().to_owned(),
        description: plan.description.map(|text| text.as_str().to_owned()),
        start_date: plan.start_date,
        end_date: plan.end_date,
        goal_race_date: plan.goal_race_date,
        goal_race_distance_m: plan
            .goal_race_distance_m
            .map(|distance| i64::from(distance.metres())),
        status: PlanStatus::Draft.as_str().to_owned(),
        workout_count: 0,
        version: event.sequence,
        created_at: event.recorded_at,
        updated_at: event.recorded_at,
    }
}
