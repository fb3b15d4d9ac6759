//! A command answers with what it wrote, a query with what it read: byte for byte the same.

use chrono::{DateTime, SubsecRound, TimeDelta, TimeZone, Utc};
use domain::plan::{
    Plan, PlanCreated, PlanDetails, PlanEvent, WorkoutContent, WorkoutScheduled, WorkoutSettled,
    WorkoutType,
};
use domain::run::{Match, Run, RunDetails, RunEvent, RunMatched, RunRecorded, Source};
use domain::{
    Decider, Distance, Elevation, Heartbeat, Minutes, Name, OwnerId, PaceRange, PerceivedEffort,
    PlanId, RunId, Seconds, SecondsPerKm, Text, WorkoutId,
};
use serde::Serialize;
use serde_json::json;
use service::resource::{PlanResource, RunResource, WorkoutResource};
use uuid::Uuid;

use crate::api::{Api, Runner, TODAY, day};

#[tokio::test]
async fn a_run_reads_as_its_command_answered() {
    let api = Api::start().await;
    let runner = api.runner();
    for (step, metres) in (10..1_000_000).step_by(24_999).enumerate() {
        // From 2:00/km to 60:00/km, not a round figure among them.
        let seconds = (metres * (120 + 87 * step as u32)).div_ceil(1_000).clamp(1, 604_800);
        let run = recorded(&runner, step, metres, seconds);
        insert_run(&runner, &run).await;
        let resource = RunResource::of(&run, 2).expect("the run exists");
        assert_same(&runner, &format!("/api/v1/runs/{}", resource.id), &resource).await;
    }
}

#[tokio::test]
async fn a_plan_and_its_workouts_read_as_their_commands_answered() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan_id = PlanId(Uuid::now_v7());
    let mut plan = Plan::default();
    plan.apply_at(created(&runner, plan_id), instant(0));
    for step in 0..8 {
        plan.apply_at(scheduled(plan_id, step), instant(step));
    }
    let settled =
        WorkoutSettled { plan_id, workout_id: *plan.workouts().keys().next().expect("a workout") };
    plan.apply_at(PlanEvent::WorkoutSkipped(settled), instant(9));

    insert_plan(&runner, &plan).await;
    let resource = PlanResource::of(&plan, 10).expect("the plan exists");
    assert_same(&runner, &format!("/api/v1/plans/{plan_id}"), &resource).await;
    for (workout_id, workout) in plan.workouts() {
        let resource = WorkoutResource::of(plan_id, *workout_id, workout, day(TODAY));
        assert_same(&runner, &format!("/api/v1/workouts/{workout_id}"), &resource).await;
    }
}

async fn assert_same(runner: &Runner<'_>, path: &str, resource: &impl Serialize) {
    let read = runner.get(path).await.bytes;
    let answered = serde_json::to_vec(resource).expect("JSON");
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(&answered), "{path}");
}

/// Instants of every precision, to the nanosecond.
fn instant(step: usize) -> DateTime<Utc> {
    let fraction =
        [0, 500_000_000, 123_000_000, 123_456_000, 123_456_789, 999_999_999, 1, 1_000][step % 8];
    let base: DateTime<Utc> = "2026-04-01T08:00:00Z".parse().expect("an instant");
    base + TimeDelta::nanoseconds(fraction) + TimeDelta::minutes(step as i64)
}

fn recorded(runner: &Runner<'_>, step: usize, metres: u32, seconds: u32) -> Run {
    let offset =
        chrono::FixedOffset::east_opt([0, 7_200, -12_600, 45_900][step % 4]).expect("an offset");
    let started_at = (!step.is_multiple_of(3)).then(|| instant(step).with_timezone(&offset));
    let (run_id, plan_id, workout_id) =
        (RunId(Uuid::now_v7()), PlanId(Uuid::now_v7()), WorkoutId(Uuid::now_v7()));
    let mut run = Run::default();
    let details = RunDetails {
        actual_date: started_at.map_or(day("2026-04-01"), |at| at.date_naive()),
        started_at,
        distance_m: Distance::from_km(f64::from(metres) / 1_000.0).expect("a distance"),
        duration_s: Seconds::from_seconds(seconds.into()).expect("a duration"),
        average_heart_rate: (step.is_multiple_of(2))
            .then(|| Heartbeat::from_bpm(151).expect("a heart rate")),
        max_heart_rate: step
            .is_multiple_of(5)
            .then(|| Heartbeat::from_bpm(190).expect("a heart rate")),
        elevation_gain_m: (step % 2 == 1).then(|| Elevation::from_metres(120.6).expect("a climb")),
        perceived_effort: (step % 4 == 1)
            .then(|| PerceivedEffort::from_level(7).expect("an effort")),
        is_race: step.is_multiple_of(7),
        notes: (step % 3 == 1).then(|| Text::parse("\"quoted\" \u{1F3C3} \\ \n").expect("a text")),
    };
    let recorded = RunRecorded {
        run_id,
        owner_id: OwnerId(runner.id),
        source: Source::ALL[step % 3],
        external_id: step.is_multiple_of(2).then(|| format!("a-{step}")),
        run: details,
    };
    run.apply_at(RunEvent::Recorded(recorded), instant(step));
    if step.is_multiple_of(2) {
        run.apply_at(
            RunEvent::Matched(RunMatched { run_id, plan_id, workout_id }),
            instant(step + 1),
        );
    }
    run
}

async fn insert_run(runner: &Runner<'_>, run: &Run) {
    let details = run.details().expect("the run exists");
    let (source, external_id) = run.source().expect("the run exists");
    let matched = run.matched();
    let row = json!({
        "run_id": run.id(),
        "plan_id": matched.map(|Match { plan_id, .. }| plan_id),
        "workout_id": matched.map(|Match { workout_id, .. }| workout_id),
        "actual_date": details.actual_date,
        "started_at": details.started_at.map(stored),
        "started_offset_s": details.started_at.map(|at| at.offset().local_minus_utc()),
        "distance_m": details.distance_m,
        "duration_s": details.duration_s,
        "average_heart_rate": details.average_heart_rate,
        "max_heart_rate": details.max_heart_rate,
        "elevation_gain_m": details.elevation_gain_m,
        "perceived_effort": details.perceived_effort,
        "is_race": details.is_race,
        "notes": details.notes,
        "source": source,
        "external_id": external_id,
        "version": 2,
        "created_at": stored(run.created_at().expect("the run exists")),
        "updated_at": stored(run.updated_at()),
    });
    runner.run(row).await;
}

fn created(runner: &Runner<'_>, plan_id: PlanId) -> PlanEvent {
    let plan = PlanDetails {
        name: Name::parse("Berlin \u{1F3C3}").expect("a name"),
        description: Some(Text::parse("").expect("a text")),
        start_date: day("2026-04-01"),
        end_date: day("2026-05-31"),
        goal_race_date: Some(day("2026-05-31")),
        goal_race_distance_m: Some(Distance::race_from_km(42.195).expect("a distance")),
    };
    PlanEvent::Created(PlanCreated { plan_id, owner_id: OwnerId(runner.id), plan })
}

fn scheduled(plan_id: PlanId, step: usize) -> PlanEvent {
    let pace = |seconds| SecondsPerKm::from_seconds(seconds).expect("a pace");
    PlanEvent::WorkoutScheduled(WorkoutScheduled {
        plan_id,
        workout_id: WorkoutId(Uuid::now_v7()),
        scheduled_date: [None, Some(day("2026-04-14")), Some(day("2026-04-15"))][step % 3],
        workout: WorkoutContent {
            name: Name::parse("Tempo").expect("a name"),
            workout_type: WorkoutType::ALL[step],
            description: step.is_multiple_of(2).then(|| Text::parse("hard").expect("a text")),
            distance_m: (step % 2 == 1)
                .then(|| Distance::from_km(8.047 * step as f64).expect("a distance")),
            duration_minutes: (step.is_multiple_of(3))
                .then(|| Minutes::from_minutes(45).expect("a duration")),
            target_pace_s_per_km: (step.is_multiple_of(2))
                .then(|| PaceRange::new(pace(250), pace(265)).expect("a range")),
        },
    })
}

async fn insert_plan(runner: &Runner<'_>, plan: &Plan) {
    let details = plan.details().expect("the plan exists");
    let row = json!({
        "plan_id": plan.id(),
        "name": details.name,
        "description": details.description,
        "start_date": details.start_date,
        "end_date": details.end_date,
        "goal_race_date": details.goal_race_date,
        "goal_race_distance_m": details.goal_race_distance_m,
        "status": plan.status(),
        "workout_count": plan.workouts().len(),
        "version": 10,
        "created_at": stored(plan.created_at().expect("the plan exists")),
        "updated_at": stored(plan.updated_at()),
    });
    let plan_id = runner.plan(row).await;
    for (workout_id, workout) in plan.workouts() {
        let content = &workout.content;
        let row = json!({
            "workout_id": workout_id,
            "name": content.name,
            "workout_type": content.workout_type,
            "description": content.description,
            "scheduled_date": workout.scheduled_date,
            "distance_m": content.distance_m,
            "duration_minutes": content.duration_minutes,
            "target_pace_fast_s_per_km": content.target_pace_s_per_km.map(|pace| pace.fast),
            "target_pace_slow_s_per_km": content.target_pace_s_per_km.map(|pace| pace.slow),
            "status": workout.status,
            "run_id": workout.run_id,
            "version": workout.version,
            "created_at": stored(workout.created_at),
            "updated_at": stored(workout.updated_at),
        });
        runner.workout(plan_id, row).await;
    }
}

/// An instant as sqlx stores it: microseconds, the rest cut off. Read from text, Postgres would round it.
fn stored<Z: TimeZone>(at: DateTime<Z>) -> DateTime<Utc> {
    at.to_utc().trunc_subsecs(6)
}
