use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::plan::{
    Plan, PlanCommand, PlanDetails, PlanError, PlanRevision, PlanStatus, RevisePlan,
    ScheduleWorkouts, ShiftWorkouts, WorkoutContent, WorkoutRevision, WorkoutStatus,
};
use domain::{RunId, WorkoutId};

/// A plan as a runner would keep it on paper: no events, only how it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PlanModel {
    /// Whether there ever was one.
    begun: bool,
    paper: Option<Paper>,
}

#[derive(Debug, Clone, PartialEq)]
struct Paper {
    details: PlanDetails,
    status: PlanStatus,
    workouts: BTreeMap<WorkoutId, Line>,
}

#[derive(Debug, Clone, PartialEq)]
struct Line {
    content: WorkoutContent,
    day: Option<NaiveDate>,
    status: WorkoutStatus,
    run: Option<RunId>,
}

/// Why a command may be refused, without the details.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reason {
    NoPlan,
    NoWorkout,
    Taken,
    WorkoutTaken,
    Invalid,
    Status,
    Outside,
    Completed,
}

pub(crate) fn reason(refusal: &PlanError) -> Reason {
    match refusal {
        PlanError::NotFound => Reason::NoPlan,
        PlanError::WorkoutNotFound => Reason::NoWorkout,
        PlanError::AlreadyExists => Reason::Taken,
        PlanError::WorkoutAlreadyExists { .. } => Reason::WorkoutTaken,
        PlanError::Invalid(_) => Reason::Invalid,
        PlanError::StatusChange { .. } => Reason::Status,
        PlanError::WorkoutsOutside(_) => Reason::Outside,
        PlanError::CompletedBy { .. } => Reason::Completed,
        PlanError::TooManyWorkouts { .. } => panic!("so many were never asked for"),
    }
}

/// The rules between a plan's dates, written out once more: whether the domain has them right is not for the
/// domain to say.
pub(crate) fn is_valid(details: &PlanDetails) -> bool {
    let PlanDetails { start_date, end_date, goal_race_date, .. } = *details;
    let nights = (end_date - start_date).num_days();
    let is_race_within = match goal_race_date {
        Some(race) => start_date <= race && race <= end_date,
        None => true,
    };
    (1..366).contains(&nights) && is_race_within
}

impl PlanModel {
    /// How a plan is.
    pub(crate) fn of(plan: &Plan) -> Self {
        let workouts = plan.workouts().iter().map(|(id, workout)| {
            let line = Line {
                content: workout.content.clone(),
                day: workout.scheduled_date,
                status: workout.status,
                run: workout.run_id,
            };
            (*id, line)
        });
        let paper = plan.details().zip(plan.status()).map(|(details, status)| Paper {
            details: details.clone(),
            status,
            workouts: workouts.collect(),
        });
        Self { begun: plan.was_born(), paper }
    }

    /// Does what a command says; or nothing, when there are reasons against it.
    pub(crate) fn obey(&mut self, command: &PlanCommand) -> Vec<Reason> {
        if let PlanCommand::Create(create) = command {
            if self.begun {
                return vec![Reason::Taken];
            }
            if !is_valid(&create.details) {
                return vec![Reason::Invalid];
            }
            let (details, workouts) = (create.details.clone(), BTreeMap::new());
            let paper = Some(Paper { details, status: PlanStatus::Draft, workouts });
            *self = Self { begun: true, paper };
            return vec![];
        }
        let Some(paper) = &mut self.paper else { return vec![Reason::NoPlan] };
        let mut after = paper.clone();
        let reasons = match command {
            PlanCommand::Create(_) => vec![],
            PlanCommand::Delete(_) => {
                self.paper = None;
                return vec![];
            }
            PlanCommand::Revise(revise) => after.revise(revise),
            PlanCommand::ScheduleWorkouts(schedule) => after.schedule(schedule),
            PlanCommand::RemoveWorkout(remove) => match after.workouts.remove(&remove.workout_id) {
                Some(_) => vec![],
                None => vec![Reason::NoWorkout],
            },
            PlanCommand::ReviseWorkout(revise) => {
                let details = after.details.clone();
                after.on(revise.workout_id, |line| line.revise(&revise.revision, &details))
            }
            PlanCommand::SkipWorkout(skip) => after.on(skip.workout_id, |line| match line.run {
                Some(_) => vec![Reason::Completed],
                None => line.settle(WorkoutStatus::Skipped, None),
            }),
            PlanCommand::ReopenWorkout(reopen) => {
                after.on(reopen.workout_id, |line| match line.run {
                    Some(run) if reopen.released_by != Some(run) => vec![Reason::Completed],
                    _released => line.settle(WorkoutStatus::Planned, None),
                })
            }
            PlanCommand::CompleteWorkout(complete) => {
                after.on(complete.workout_id, |line| match line.run {
                    Some(run) if run != complete.run_id => vec![Reason::Completed],
                    _free => line.settle(WorkoutStatus::Completed, Some(complete.run_id)),
                })
            }
        };
        if reasons.is_empty() {
            *paper = after;
        }
        reasons
    }
}

impl Paper {
    fn on(
        &mut self,
        workout: WorkoutId,
        change: impl FnOnce(&mut Line) -> Vec<Reason>,
    ) -> Vec<Reason> {
        match self.workouts.get_mut(&workout) {
            Some(line) => change(line),
            None => vec![Reason::NoWorkout],
        }
    }

    fn revise(&mut self, command: &RevisePlan) -> Vec<Reason> {
        let before = self.details.clone();
        let PlanRevision { name, description, start_date, end_date, .. } = command.revision.clone();
        let PlanRevision { goal_race_date, goal_race_distance_m, status, .. } =
            command.revision.clone();
        let details = &mut self.details;
        set(&mut details.name, name);
        set(&mut details.description, description);
        set(&mut details.start_date, start_date);
        set(&mut details.end_date, end_date);
        set(&mut details.goal_race_date, goal_race_date);
        set(&mut details.goal_race_distance_m, goal_race_distance_m);

        let mut reasons = vec![];
        if !is_valid(details) {
            reasons.push(Reason::Invalid);
        }
        let by = details.start_date - before.start_date;
        for line in self.workouts.values_mut() {
            if let (Some(day), ShiftWorkouts::Yes) = (&mut line.day, command.shift_workouts) {
                *day += by;
            }
            if line.day.is_some_and(|day| day < details.start_date || day > details.end_date) {
                reasons.push(Reason::Outside);
            }
        }
        let allowed = [
            (PlanStatus::Draft, PlanStatus::Active),
            (PlanStatus::Active, PlanStatus::Completed),
            (PlanStatus::Active, PlanStatus::Abandoned),
            (PlanStatus::Abandoned, PlanStatus::Active),
        ];
        if let Some(to) = status {
            if to != self.status && !allowed.contains(&(self.status, to)) {
                reasons.push(Reason::Status);
            }
            self.status = to;
        }
        reasons
    }

    fn schedule(&mut self, command: &ScheduleWorkouts) -> Vec<Reason> {
        let mut reasons = vec![];
        let mut ids: BTreeSet<_> = self.workouts.keys().copied().collect();
        for new in &command.workouts {
            if !ids.insert(new.workout_id) {
                reasons.push(Reason::WorkoutTaken);
            }
            let PlanDetails { start_date, end_date, .. } = self.details;
            if new.scheduled_date.is_some_and(|day| day < start_date || day > end_date) {
                reasons.push(Reason::Invalid);
            }
            let line = Line {
                content: new.content.clone(),
                day: new.scheduled_date,
                status: WorkoutStatus::Planned,
                run: None,
            };
            self.workouts.insert(new.workout_id, line);
        }
        reasons
    }
}

impl Line {
    fn revise(&mut self, revision: &WorkoutRevision, plan: &PlanDetails) -> Vec<Reason> {
        let WorkoutRevision { name, workout_type, description, scheduled_date, .. } =
            revision.clone();
        let content = &mut self.content;
        set(&mut content.name, name);
        set(&mut content.workout_type, workout_type);
        set(&mut content.description, description);
        set(&mut content.distance_m, revision.distance_m);
        set(&mut content.duration_minutes, revision.duration_minutes);
        set(&mut content.target_pace_s_per_km, revision.target_pace_s_per_km);
        set(&mut self.day, scheduled_date);
        match self.day {
            Some(day) if day < plan.start_date || day > plan.end_date => vec![Reason::Invalid],
            _within => vec![],
        }
    }

    fn settle(&mut self, status: WorkoutStatus, run: Option<RunId>) -> Vec<Reason> {
        (self.status, self.run) = (status, run);
        vec![]
    }
}

fn set<T>(field: &mut T, to: Option<T>) {
    if let Some(to) = to {
        *field = to;
    }
}
