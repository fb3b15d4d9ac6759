use chrono::{DateTime, NaiveDate, Utc};
use domain::plan::{
    Plan, PlanCreated, PlanDetails, PlanEvent, PlanStatusChanged, WorkoutCompleted, WorkoutContent,
    WorkoutScheduled, WorkoutSettled, WorkoutStatus, WorkoutType,
};
use domain::run::{Run, RunDeleted, RunDetails, RunEvent, RunMatched, RunRecorded, Source};
use domain::{
    Decider, Distance, Elevation, Heartbeat, Minutes, Name, OwnerId, PaceRange, PerceivedEffort,
    PlanId, RunId, Seconds, SecondsPerKm, Text, WorkoutId,
};
use serde_json::json;
use uuid::Uuid;

use super::*;

#[test]
fn a_plan_reads_as_the_contract_says() {
    let mut plan = Plan::default();
    plan.apply_at(created(), at("2026-03-01T08:00:00.123456789Z"));
    plan.apply_at(
        PlanEvent::Activated(PlanStatusChanged { plan_id: PLAN }),
        at("2026-03-02T08:00:00Z"),
    );
    plan.apply_at(scheduled(), at("2026-03-03T08:00:00.5Z"));
    let resource = PlanResource::of(&plan, 3).expect("the plan exists");
    assert_eq!(
        serde_json::to_value(&resource).expect("JSON"),
        json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "name": "Berlin",
            "description": "Sub 3",
            "start_date": "2026-06-01",
            "end_date": "2026-09-27",
            "goal_race_date": "2026-09-27",
            "goal_race_distance_km": 42.195,
            "status": "active",
            "duration_days": 119,
            "workout_count": 1,
            "created_at": "2026-03-01T08:00:00.123456Z",
            "updated_at": "2026-03-03T08:00:00.500Z",
            "version": 3,
        })
    );
    let back =
        serde_json::from_value::<PlanResource>(serde_json::to_value(&resource).expect("JSON"));
    assert_eq!(back.expect("the shape reads what it wrote"), resource);
}

#[test]
fn a_workout_reads_as_the_contract_says() {
    let mut plan = Plan::default();
    plan.apply_at(created(), at("2026-03-01T08:00:00Z"));
    plan.apply_at(scheduled(), at("2026-03-03T08:00:00Z"));
    let completed = WorkoutCompleted { plan_id: PLAN, workout_id: WORKOUT, run_id: RUN };
    plan.apply_at(PlanEvent::WorkoutCompleted(completed), at("2026-06-05T08:00:00Z"));
    let resource =
        WorkoutResource::of(PLAN, WORKOUT, &plan.workouts()[&WORKOUT], day("2026-06-05"));
    assert_eq!(
        serde_json::to_value(&resource).expect("JSON"),
        json!({
            "id": "00000000-0000-0000-0000-000000000002",
            "plan_id": "00000000-0000-0000-0000-000000000001",
            "name": "Tempo",
            "workout_type": "tempo",
            "description": null,
            "scheduled_date": "2026-06-04",
            "distance_km": 8.05,
            "duration_minutes": 45,
            "target_pace_fast_s_per_km": 250,
            "target_pace_slow_s_per_km": 265,
            "status": "completed",
            "run_id": "00000000-0000-0000-0000-000000000003",
            "created_at": "2026-03-03T08:00:00Z",
            "updated_at": "2026-06-05T08:00:00Z",
            "version": 2,
        })
    );
    let back =
        serde_json::from_value::<WorkoutResource>(serde_json::to_value(&resource).expect("JSON"));
    assert_eq!(back.expect("the shape reads what it wrote"), resource);
}

#[test]
fn a_run_reads_as_the_contract_says() {
    let mut run = Run::default();
    run.apply_at(recorded(10_000, 3_029), at("2026-06-05T08:00:00Z"));
    let matched = RunMatched { run_id: RUN, plan_id: PLAN, workout_id: WORKOUT };
    run.apply_at(RunEvent::Matched(matched), at("2026-06-05T08:00:00Z"));
    let resource = RunResource::of(&run, 2).expect("the run exists");
    assert_eq!(
        serde_json::to_value(&resource).expect("JSON"),
        json!({
            "id": "00000000-0000-0000-0000-000000000003",
            "plan_id": "00000000-0000-0000-0000-000000000001",
            "workout_id": "00000000-0000-0000-0000-000000000002",
            "actual_date": "2026-06-05",
            "started_at": "2026-06-05T00:30:00+02:00",
            "distance_km": 10.0,
            "duration_minutes": 50.48,
            "duration_seconds": 3029,
            "average_pace": 5.05,
            "pace": "5:03/km",
            "average_heart_rate": 151,
            "max_heart_rate": 178,
            "elevation_gain_m": 120,
            "perceived_effort": 7,
            "is_race": false,
            "notes": "windy",
            "source": "file",
            "external_id": "a-1",
            "created_at": "2026-06-05T08:00:00Z",
            "updated_at": "2026-06-05T08:00:00Z",
            "version": 2,
        })
    );
    let back =
        serde_json::from_value::<RunResource>(serde_json::to_value(&resource).expect("JSON"));
    assert_eq!(back.expect("the shape reads what it wrote"), resource);
}

#[test]
fn what_is_gone_has_no_resource() {
    let mut plan = Plan::default();
    assert_eq!(PlanResource::of(&plan, 0), None);
    plan.apply_at(created(), at("2026-03-01T08:00:00Z"));
    plan.apply_at(
        PlanEvent::Deleted(PlanStatusChanged { plan_id: PLAN }),
        at("2026-03-02T08:00:00Z"),
    );
    assert_eq!(PlanResource::of(&plan, 2), None);

    let mut run = Run::default();
    assert_eq!(RunResource::of(&run, 0), None);
    run.apply_at(recorded(10_000, 3_000), at("2026-06-05T08:00:00Z"));
    run.apply_at(RunEvent::Deleted(RunDeleted { run_id: RUN }), at("2026-06-06T08:00:00Z"));
    assert_eq!(RunResource::of(&run, 2), None);
}

#[test]
fn a_planned_workout_is_missed_from_the_day_after_its_day() {
    let state = |status, today: &str| WorkoutState::on(day(today), status, Some(day("2026-06-04")));
    assert_eq!(state(WorkoutStatus::Planned, "2026-06-03"), WorkoutState::Planned);
    assert_eq!(state(WorkoutStatus::Planned, "2026-06-04"), WorkoutState::Planned);
    assert_eq!(state(WorkoutStatus::Planned, "2026-06-05"), WorkoutState::Missed);
    assert_eq!(state(WorkoutStatus::Completed, "2026-06-05"), WorkoutState::Completed);
    assert_eq!(state(WorkoutStatus::Skipped, "2026-06-05"), WorkoutState::Skipped);
    assert_eq!(
        WorkoutState::on(day("2026-06-05"), WorkoutStatus::Planned, None),
        WorkoutState::Planned
    );

    let mut plan = Plan::default();
    plan.apply_at(created(), at("2026-03-01T08:00:00Z"));
    plan.apply_at(scheduled(), at("2026-03-03T08:00:00Z"));
    let on =
        |today| WorkoutResource::of(PLAN, WORKOUT, &plan.workouts()[&WORKOUT], day(today)).status;
    assert_eq!(on("2026-06-05"), WorkoutState::Missed);
    let mut skipped = plan.clone();
    let settled = WorkoutSettled { plan_id: PLAN, workout_id: WORKOUT };
    skipped.apply_at(PlanEvent::WorkoutSkipped(settled), at("2026-06-06T08:00:00Z"));
    let workout = &skipped.workouts()[&WORKOUT];
    assert_eq!(
        WorkoutResource::of(PLAN, WORKOUT, workout, day("2026-06-07")).status,
        WorkoutState::Skipped
    );
}

#[test]
fn figures_are_rounded_not_cut() {
    assert_eq!(minutes(3_029), 50.48); // 50.4833…
    assert_eq!(minutes(100), 1.67); // 1.6666…
    assert_eq!(minutes(604_800), 10_080.0);
    assert_eq!(kilometres(42_195), 42.195);
    assert_eq!(kilometres(10), 0.01);
    assert_eq!(kilometres(100_001).to_string(), "100.001");
    let pace =
        |metres, seconds| RunPace::of(metres, seconds).map(|pace| (pace.average_pace, pace.pace));
    assert_eq!(pace(10_000, 3_596), Some((5.99, "6:00/km".to_owned())));
    assert_eq!(pace(0, 1), None);
}

#[test]
fn a_beginning_is_told_on_the_runners_clock() {
    let began = started_at(at("2026-06-04T22:30:00.1234567Z"), Some(7_200));
    assert_eq!(began.to_rfc3339(), "2026-06-05T00:30:00.123456+02:00");
    assert_eq!(began.date_naive(), day("2026-06-05"));
    assert_eq!(
        started_at(at("2026-06-04T22:30:00Z"), Some(-12_600)).to_rfc3339(),
        "2026-06-04T19:00:00-03:30"
    );
    assert_eq!(
        started_at(at("2026-06-04T22:30:00Z"), None).to_rfc3339(),
        "2026-06-04T22:30:00+00:00"
    );
}

#[test]
fn every_word_is_in_the_api_document() {
    let words = |schema: utoipa::openapi::schema::Object| {
        serde_json::to_value(schema).expect("JSON")["enum"].clone()
    };
    assert_eq!(words(plan_status_schema()), json!(["draft", "active", "completed", "abandoned"]));
    assert_eq!(words(workout_state_schema()), json!(["planned", "completed", "skipped", "missed"]));
    assert_eq!(words(run_source_schema()), json!(["manual", "file", "strava"]));
    assert_eq!(words(workout_type_schema()).as_array().map(Vec::len), Some(12));
    for state in WorkoutState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
        assert_eq!(json!(state), json!(state.as_str()));
    }
}

const OWNER: OwnerId = OwnerId(Uuid::from_u128(9));
const PLAN: PlanId = PlanId(Uuid::from_u128(1));
const WORKOUT: WorkoutId = WorkoutId(Uuid::from_u128(2));
const RUN: RunId = RunId(Uuid::from_u128(3));

fn created() -> PlanEvent {
    PlanEvent::Created(PlanCreated {
        plan_id: PLAN,
        owner_id: OWNER,
        plan: PlanDetails {
            name: Name::parse("Berlin").expect("a name"),
            description: Some(Text::parse("Sub 3").expect("a text")),
            start_date: day("2026-06-01"),
            end_date: day("2026-09-27"),
            goal_race_date: Some(day("2026-09-27")),
            goal_race_distance_m: Some(Distance::race_from_km(42.195).expect("a distance")),
        },
    })
}

fn scheduled() -> PlanEvent {
    let pace = |seconds| SecondsPerKm::from_seconds(seconds).expect("a pace");
    PlanEvent::WorkoutScheduled(WorkoutScheduled {
        plan_id: PLAN,
        workout_id: WORKOUT,
        scheduled_date: Some(day("2026-06-04")),
        workout: WorkoutContent {
            name: Name::parse("Tempo").expect("a name"),
            workout_type: WorkoutType::Tempo,
            description: None,
            distance_m: Some(Distance::from_km(8.05).expect("a distance")),
            duration_minutes: Some(Minutes::from_minutes(45).expect("a duration")),
            target_pace_s_per_km: Some(PaceRange::new(pace(250), pace(265)).expect("a range")),
        },
    })
}

fn recorded(metres: u32, seconds: i64) -> RunEvent {
    RunEvent::Recorded(RunRecorded {
        run_id: RUN,
        owner_id: OWNER,
        source: Source::File,
        external_id: Some("a-1".to_owned()),
        run: RunDetails {
            actual_date: day("2026-06-05"),
            started_at: Some(
                DateTime::parse_from_rfc3339("2026-06-05T00:30:00+02:00").expect("an instant"),
            ),
            distance_m: Distance::from_km(f64::from(metres) / 1000.0).expect("a distance"),
            duration_s: Seconds::from_seconds(seconds).expect("a duration"),
            average_heart_rate: Some(Heartbeat::from_bpm(151).expect("a heart rate")),
            max_heart_rate: Some(Heartbeat::from_bpm(178).expect("a heart rate")),
            elevation_gain_m: Some(Elevation::from_metres(120.0).expect("a climb")),
            perceived_effort: Some(PerceivedEffort::from_level(7).expect("an effort")),
            is_race: false,
            notes: Some(Text::parse("windy").expect("a text")),
        },
    })
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}
