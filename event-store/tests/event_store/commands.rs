//! Commands as the tests give them.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::NaiveDate;
use domain::plan::{
    CompleteWorkout, CreatePlan, DeletePlan, NewWorkout, Plan, PlanCommand, PlanDetails, PlanError,
    PlanRevision, RemoveWorkout, RevisePlan, ScheduleWorkouts, ShiftWorkouts, SkipWorkout,
    WorkoutContent, WorkoutFields, WorkoutType,
};
use domain::run::{Match, MatchRun, RecordRun, Run, RunCommand, RunDetails, RunError, Source};
use domain::{Distance, Name, OwnerId, PlanId, RunId, Seconds, Text, WorkoutId};
use event_store::{
    CommandContext, CommandKey, EventStore, ExecuteError, Executed, Refused, StoreError, Stream,
    Transaction, Work,
};
use uuid::Uuid;

/// Why a command of a test may be refused.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    Plan(PlanError),
    Run(RunError),
}

/// Why a command ends early. `Refused` cannot have our `From`s: it belongs to another crate.
pub(crate) enum Stop {
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

/// Carries a command out in a context of its own.
pub(crate) async fn execute<T: Transaction>(
    store: &EventStore,
    owner: OwnerId,
    command: &T,
) -> Result<Executed<T::Output>, ExecuteError<T::Refusal>> {
    store.execute(&CommandContext::new(owner, "test"), command).await
}

/// Loads an aggregate and gives it a command; answers the sequence its stream then has.
#[derive(Clone)]
pub(crate) struct Give<A: Stream> {
    pub(crate) to: Uuid,
    pub(crate) command: A::Command,
}

impl<A> Transaction for Give<A>
where
    A: Stream<Command: Clone + Sync>,
    Stop: From<A::Error>,
{
    type Output = i64;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<i64, Refused<Refusal>> {
        let mut loaded = work.load::<A>(self.to).await?;
        work.decide::<A, Stop>(&mut loaded, self.command.clone())?;
        Ok(loaded.sequence)
    }
}

/// Answers an aggregate's state as JSON.
pub(crate) struct Look<A> {
    at: Uuid,
    kind: std::marker::PhantomData<fn() -> A>,
}

impl<A> Look<A> {
    pub(crate) fn at(at: Uuid) -> Self {
        Self { at, kind: std::marker::PhantomData }
    }
}

impl<A: Stream> Transaction for Look<A> {
    type Output = serde_json::Value;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<serde_json::Value, Refused<Refusal>> {
        let loaded = work.load::<A>(self.at).await?;
        Ok(serde_json::to_value(&*loaded.state).unwrap())
    }
}

/// Records a run under a new id without reading anything, as the API does.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) run_id: RunId,
    pub(crate) owner: OwnerId,
    pub(crate) notes: String,
}

impl Record {
    pub(crate) fn new(owner: OwnerId) -> Self {
        Self { run_id: RunId(Uuid::now_v7()), owner, notes: "steady".to_owned() }
    }

    fn command(&self) -> RunCommand {
        record(self.run_id, self.owner, &self.notes)
    }
}

impl Transaction for Record {
    type Output = RunId;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<RunId, Refused<Refusal>> {
        let mut run = work.begin::<Run>(self.run_id.0);
        work.decide::<Run, Stop>(&mut run, self.command())?;
        Ok(self.run_id)
    }
}

/// Records a run for a workout: three events in two streams.
pub(crate) struct RecordFor {
    pub(crate) record: Record,
    pub(crate) plan_id: PlanId,
    pub(crate) workout_id: WorkoutId,
}

impl Transaction for RecordFor {
    type Output = RunId;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<RunId, Refused<Refusal>> {
        let Self { record, plan_id, workout_id } = self;
        let mut plan = work.load::<Plan>(plan_id.0).await?;
        let mut run = work.begin::<Run>(record.run_id.0);
        work.decide::<Run, Stop>(&mut run, record.command())?;
        let with = Match { plan_id: *plan_id, workout_id: *workout_id };
        work.decide::<Run, Stop>(&mut run, RunCommand::Match(MatchRun { with }))?;
        let complete = CompleteWorkout { workout_id: *workout_id, run_id: record.run_id };
        work.decide::<Plan, Stop>(&mut plan, PlanCommand::CompleteWorkout(complete))?;
        Ok(record.run_id)
    }
}

/// A command that is outrun on its plan: each time it has decided, another process renames the plan.
pub(crate) struct Outrun<T> {
    pub(crate) command: T,
    pub(crate) plan_id: PlanId,
    pub(crate) by: EventStore,
    /// How many times it is still outrun.
    pub(crate) times: AtomicU32,
}

impl<T: Transaction<Refusal = Refusal>> Transaction for Outrun<T> {
    type Output = T::Output;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<T::Output, Refused<Refusal>> {
        let output = self.command.run(work).await?;
        let times = &self.times;
        if let Ok(left) =
            times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| times.checked_sub(1))
        {
            execute(&self.by, work.owner(), &rename(self.plan_id, &format!("Outrun {left}")))
                .await
                .unwrap();
        }
        Ok(output)
    }
}

pub(crate) fn owner() -> OwnerId {
    OwnerId(Uuid::now_v7())
}

/// A key of a client's, with the digest of its request.
pub(crate) fn keyed(owner: OwnerId, id: Uuid, request: &str) -> CommandContext {
    let key = CommandKey { id, request_hash: request.as_bytes().to_vec() };
    CommandContext { key: Some(key), ..CommandContext::new(owner, "test") }
}

pub(crate) fn create(plan_id: PlanId, owner_id: OwnerId) -> Give<Plan> {
    let details = PlanDetails {
        name: name("Spring"),
        description: None,
        start_date: day(1),
        end_date: day(31),
        goal_race_date: None,
        goal_race_distance_m: None,
    };
    Give { to: plan_id.0, command: PlanCommand::Create(CreatePlan { plan_id, owner_id, details }) }
}

pub(crate) fn rename(plan_id: PlanId, to: &str) -> Give<Plan> {
    let revision = PlanRevision { name: Some(name(to)), ..PlanRevision::default() };
    Give {
        to: plan_id.0,
        command: PlanCommand::Revise(RevisePlan { revision, shift_workouts: ShiftWorkouts::No }),
    }
}

pub(crate) fn schedule(plan_id: PlanId, workout_id: WorkoutId) -> Give<Plan> {
    let content = WorkoutContent {
        name: name("Tempo"),
        workout_type: WorkoutType::Tempo,
        description: None,
        distance_m: Some(Distance::from_km(8.0).unwrap()),
        duration_minutes: None,
        target_pace_s_per_km: None,
    };
    let workouts = vec![NewWorkout { workout_id, scheduled_date: Some(day(5)), content }];
    let command =
        PlanCommand::ScheduleWorkouts(ScheduleWorkouts { workouts, fields: WorkoutFields::Single });
    Give { to: plan_id.0, command }
}

pub(crate) fn skip(plan_id: PlanId, workout_id: WorkoutId) -> Give<Plan> {
    Give { to: plan_id.0, command: PlanCommand::SkipWorkout(SkipWorkout { workout_id }) }
}

pub(crate) fn remove(plan_id: PlanId, workout_id: WorkoutId) -> Give<Plan> {
    Give { to: plan_id.0, command: PlanCommand::RemoveWorkout(RemoveWorkout { workout_id }) }
}

pub(crate) fn delete(plan_id: PlanId) -> Give<Plan> {
    Give { to: plan_id.0, command: PlanCommand::Delete(DeletePlan) }
}

fn record(run_id: RunId, owner_id: OwnerId, notes: &str) -> RunCommand {
    let details = RunDetails {
        actual_date: day(5),
        started_at: None,
        distance_m: Distance::from_km(8.0).unwrap(),
        duration_s: Seconds::from_seconds(2_400).unwrap(),
        average_heart_rate: None,
        max_heart_rate: None,
        elevation_gain_m: None,
        perceived_effort: None,
        is_race: false,
        notes: Some(Text::parse(notes).unwrap()),
    };
    RunCommand::Record(RecordRun {
        run_id,
        owner_id,
        source: Source::Manual,
        external_id: None,
        details,
        today: day(31),
        duration_field: "duration_seconds",
    })
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn day(of_may: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, of_may).unwrap()
}
