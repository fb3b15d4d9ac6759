//! What holds after any sequence of commands.

use chrono::{Days, NaiveDate};
use cqrs_es::Aggregate;
use cqrs_es::test::TestFramework;
use domain::plan::{
    CompleteWorkout, CreatePlan, DeletePlan, NewWorkout, Plan, PlanCommand, PlanDetails,
    PlanRevision, PlanStatus, RemoveWorkout, ReopenWorkout, RevisePlan, ReviseWorkout,
    ScheduleWorkouts, ShiftWorkouts, SkipWorkout, WorkoutContent, WorkoutFields, WorkoutRevision,
    WorkoutStatus, WorkoutType,
};
use domain::run::{
    CorrectRun, DeleteRun, Match, MatchRun, RecordRun, Run, RunCommand, RunDetails, RunRevision,
    Source, UnmatchRun,
};
use domain::{
    Distance, Heartbeat, Minutes, Name, OwnerId, PaceRange, PlanId, RunId, Seconds, SecondsPerKm,
    StoredEvent, Text, WorkoutId,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

proptest! {
    #[test]
    fn a_plan_survives_any_commands_and_storage(commands in vec(plan_command(), 1..40)) {
        let plan = after::<Plan>(commands);
        if let Some(details) = plan.details() {
            prop_assert_eq!(details.violations(), vec![]);
            for workout in plan.workouts().values() {
                let within = workout.scheduled_date.is_none_or(|day| (details.start_date..=details.end_date).contains(&day));
                prop_assert!(within, "a workout lies outside its plan: {:?}", workout);
                prop_assert_eq!(workout.status == WorkoutStatus::Completed, workout.run_id.is_some());
            }
        } else {
            prop_assert!(plan.workouts().is_empty());
        }
    }

    #[test]
    fn a_run_survives_any_commands_and_storage(commands in vec(run_command(), 1..40)) {
        let run = after::<Run>(commands);
        if let Some(details) = run.details() {
            prop_assert_eq!(details.violations(today(), "duration_seconds"), vec![]);
        } else {
            prop_assert_eq!(run.matched(), None);
        }
    }

    #[test]
    fn no_payload_makes_decoding_panic(event_type in select(stored_types()), payload in any::<Vec<u8>>(), json in json()) {
        for payload in [payload, json.into_bytes()] {
            let _ = domain::plan::PlanEvent::decode(event_type, "1", &payload);
            let _ = domain::run::RunEvent::decode(event_type, "1", &payload);
        }
    }

    #[test]
    fn no_number_makes_a_value_panic(number in any::<f64>(), whole in any::<i64>()) {
        let _ = (Distance::from_km(number), Distance::race_from_km(number), Seconds::from_minutes(number));
        let _ = (Seconds::from_seconds(whole), Minutes::from_minutes(whole), Heartbeat::from_bpm(whole));
        let _ = domain::run::average_pace(whole, whole).map(|pace| pace.to_string());
    }
}

/// Runs commands one after the other, as a stream would: what is refused changes nothing, and what
/// is accepted is stored, read back and folded.
fn after<A>(commands: Vec<A::Command>) -> A
where
    A: Aggregate<Services = ()> + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned,
    A::Event: StoredEvent + Serialize,
{
    let mut history: Vec<A::Event> = vec![];
    let mut state = A::default();
    for command in commands {
        let decided =
            TestFramework::<A>::with(()).given(history.clone()).when(command).inspect_result();
        for event in decided.unwrap_or_default() {
            let stored = stored(&event);
            assert_eq!(stored, event);
            history.push(stored.clone());
            state.apply(stored);
        }
        let json = serde_json::to_string(&state).expect("a state is JSON");
        assert_eq!(serde_json::from_str::<A>(&json).expect("what was written"), state);
    }
    let mut replayed = A::default();
    history.into_iter().for_each(|event| replayed.apply(event));
    assert_eq!(replayed, state);
    state
}

fn stored<E: StoredEvent + Serialize>(event: &E) -> E {
    let payload = serde_json::to_vec(event).expect("an event is JSON");
    let (event_type, version) = event.stored_as();
    E::decode(event_type, version, &payload).expect("what was stored")
}

fn stored_types() -> Vec<&'static str> {
    let types = domain::plan::PlanEvent::TYPES.iter().chain(domain::run::RunEvent::TYPES);
    types.map(|(event_type, _)| *event_type).collect()
}

fn json() -> impl Strategy<Value = String> {
    let field = select(vec![
        "plan_id",
        "run_id",
        "owner_id",
        "plan",
        "run",
        "name",
        "type",
        "workout",
        "scheduled_date",
    ]);
    let value = select(vec![
        "null",
        "1",
        "-1e999",
        "\"\"",
        "{}",
        "[]",
        "\"0193a1f2-4c00-7a10-8b5e-3f1d2c4b5a60\"",
    ]);
    vec((field, value), 0..6).prop_map(|fields| {
        let fields: Vec<_> =
            fields.into_iter().map(|(field, value)| format!("\"{field}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, 15).expect("a real date")
}

/// A day in some 60 around today, so that ranges meet, miss and turn round.
fn day() -> impl Strategy<Value = NaiveDate> {
    (0..60_u64).prop_map(|days| today() - Days::new(40) + Days::new(days))
}

fn name() -> impl Strategy<Value = Name> {
    ".{1,12}".prop_filter_map("not a name", |text| Name::parse(&text).ok())
}

fn text() -> impl Strategy<Value = Text> {
    ".{0,12}".prop_filter_map("not a text", |text| Text::parse(&text).ok())
}

fn distance() -> impl Strategy<Value = Distance> {
    (0.01..100.0_f64).prop_filter_map("not a distance", |km| Distance::from_km(km).ok())
}

fn workout_id() -> impl Strategy<Value = WorkoutId> {
    (0..6_u128).prop_map(|n| WorkoutId(Uuid::from_u128(n)))
}

fn run_id() -> impl Strategy<Value = RunId> {
    (0..3_u128).prop_map(|n| RunId(Uuid::from_u128(n)))
}

fn plan_details() -> impl Strategy<Value = PlanDetails> {
    (name(), option::of(text()), day(), day(), option::of(day()), option::of(distance())).prop_map(
        |(name, description, start_date, end_date, goal_race_date, goal_race_distance_m)| {
            PlanDetails {
                name,
                description,
                start_date,
                end_date,
                goal_race_date,
                goal_race_distance_m,
            }
        },
    )
}

fn plan_revision() -> impl Strategy<Value = PlanRevision> {
    let status = option::of(select(PlanStatus::ALL.to_vec()));
    let goal = (option::of(option::of(day())), option::of(option::of(distance())));
    (
        option::of(name()),
        option::of(option::of(text())),
        option::of(day()),
        option::of(day()),
        goal,
        status,
    )
        .prop_map(
            |(
                name,
                description,
                start_date,
                end_date,
                (goal_race_date, goal_race_distance_m),
                status,
            )| PlanRevision {
                name,
                description,
                start_date,
                end_date,
                goal_race_date,
                goal_race_distance_m,
                status,
            },
        )
}

fn pace_range() -> impl Strategy<Value = PaceRange> {
    (90..3600_i64, 90..3600_i64).prop_map(|(one, other)| {
        let pace = |seconds| SecondsPerKm::from_seconds(seconds).expect("a pace");
        PaceRange::new(pace(one.min(other)), pace(one.max(other))).expect("in order")
    })
}

fn minutes() -> impl Strategy<Value = Minutes> {
    (1..=10_080_i64).prop_map(|minutes| Minutes::from_minutes(minutes).expect("minutes"))
}

fn workout_content() -> impl Strategy<Value = WorkoutContent> {
    let amounts = (option::of(distance()), option::of(minutes()), option::of(pace_range()));
    (name(), select(WorkoutType::ALL.to_vec()), option::of(text()), amounts).prop_map(
        |(
            name,
            workout_type,
            description,
            (distance_m, duration_minutes, target_pace_s_per_km),
        )| WorkoutContent {
            name,
            workout_type,
            description,
            distance_m,
            duration_minutes,
            target_pace_s_per_km,
        },
    )
}

fn workout_revision() -> impl Strategy<Value = WorkoutRevision> {
    let amounts = (
        option::of(option::of(distance())),
        option::of(option::of(minutes())),
        option::of(option::of(pace_range())),
    );
    let workout_type = option::of(select(WorkoutType::ALL.to_vec()));
    (
        option::of(name()),
        workout_type,
        option::of(option::of(text())),
        option::of(option::of(day())),
        amounts,
    )
        .prop_map(
            |(
                name,
                workout_type,
                description,
                scheduled_date,
                (distance_m, duration_minutes, target_pace_s_per_km),
            )| {
                WorkoutRevision {
                    name,
                    workout_type,
                    description,
                    scheduled_date,
                    distance_m,
                    duration_minutes,
                    target_pace_s_per_km,
                }
            },
        )
}

fn new_workout() -> impl Strategy<Value = NewWorkout> {
    (workout_id(), option::of(day()), workout_content()).prop_map(
        |(workout_id, scheduled_date, content)| NewWorkout { workout_id, scheduled_date, content },
    )
}

fn plan_command() -> impl Strategy<Value = PlanCommand> {
    let plan_id = PlanId(Uuid::from_u128(1));
    let owner_id = OwnerId(Uuid::from_u128(2));
    let shift = select(vec![ShiftWorkouts::No, ShiftWorkouts::Yes]);
    let fields = select(vec![WorkoutFields::Single, WorkoutFields::List]);
    prop_oneof![
        4 => plan_details().prop_map(move |details| PlanCommand::Create(CreatePlan { plan_id, owner_id, details })),
        4 => (plan_revision(), shift)
            .prop_map(|(revision, shift_workouts)| PlanCommand::Revise(RevisePlan { revision, shift_workouts })),
        1 => Just(PlanCommand::Delete(DeletePlan)),
        6 => (vec(new_workout(), 0..4), fields)
            .prop_map(|(workouts, fields)| PlanCommand::ScheduleWorkouts(ScheduleWorkouts { workouts, fields })),
        4 => (workout_id(), workout_revision())
            .prop_map(|(workout_id, revision)| PlanCommand::ReviseWorkout(ReviseWorkout { workout_id, revision })),
        1 => workout_id().prop_map(|workout_id| PlanCommand::RemoveWorkout(RemoveWorkout { workout_id })),
        2 => workout_id().prop_map(|workout_id| PlanCommand::SkipWorkout(SkipWorkout { workout_id })),
        2 => (workout_id(), option::of(run_id())).prop_map(|(workout_id, released_by)| {
            PlanCommand::ReopenWorkout(ReopenWorkout { workout_id, released_by })
        }),
        3 => (workout_id(), run_id())
            .prop_map(|(workout_id, run_id)| PlanCommand::CompleteWorkout(CompleteWorkout { workout_id, run_id })),
    ]
}

fn seconds() -> impl Strategy<Value = Seconds> {
    (60..40_000_i64).prop_map(|seconds| Seconds::from_seconds(seconds).expect("a duration"))
}

fn heartbeat() -> impl Strategy<Value = Heartbeat> {
    (20..=260_i64).prop_map(|bpm| Heartbeat::from_bpm(bpm).expect("a heart rate"))
}

fn run_details() -> impl Strategy<Value = RunDetails> {
    let effort = (option::of(heartbeat()), option::of(heartbeat()));
    (day(), distance(), seconds(), effort, any::<bool>(), option::of(text())).prop_map(
        |(
            actual_date,
            distance_m,
            duration_s,
            (average_heart_rate, max_heart_rate),
            is_race,
            notes,
        )| RunDetails {
            actual_date,
            started_at: None,
            distance_m,
            duration_s,
            average_heart_rate,
            max_heart_rate,
            elevation_gain_m: None,
            perceived_effort: None,
            is_race,
            notes,
        },
    )
}

fn run_revision() -> impl Strategy<Value = RunRevision> {
    let beginning = option::of(option::of((day(), 0..24_u32).prop_map(|(day, hour)| {
        let at = day.and_hms_opt(hour, 0, 0).expect("an hour of the day").and_utc();
        at.with_timezone(&chrono::FixedOffset::east_opt(5 * 3600).expect("an offset"))
    })));
    let effort = (option::of(option::of(heartbeat())), option::of(option::of(heartbeat())));
    let notes = option::of(option::of(text()));
    (option::of(day()), beginning, option::of(distance()), option::of(seconds()), effort, notes)
        .prop_map(
            |(
                actual_date,
                started_at,
                distance_m,
                duration_s,
                (average_heart_rate, max_heart_rate),
                notes,
            )| RunRevision {
                actual_date,
                started_at,
                distance_m,
                duration_s,
                average_heart_rate,
                max_heart_rate,
                notes,
                ..RunRevision::default()
            },
        )
}

fn run_command() -> impl Strategy<Value = RunCommand> {
    let with = workout_id()
        .prop_map(|workout_id| Match { plan_id: PlanId(Uuid::from_u128(1)), workout_id });
    prop_oneof![
        4 => run_details().prop_map(|details| RunCommand::Record(RecordRun {
            run_id: RunId(Uuid::from_u128(1)),
            owner_id: OwnerId(Uuid::from_u128(2)),
            source: Source::Manual,
            external_id: None,
            details,
            today: today(),
            duration_field: "duration_seconds",
        })),
        4 => run_revision().prop_map(|revision| {
            RunCommand::Correct(CorrectRun { revision, today: today(), duration_field: "duration_seconds" })
        }),
        3 => with.prop_map(|with| RunCommand::Match(MatchRun { with })),
        2 => Just(RunCommand::Unmatch(UnmatchRun)),
        1 => Just(RunCommand::Delete(DeleteRun)),
    ]
}
