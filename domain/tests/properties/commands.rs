//! Any commands, in a small world, so that they meet.

use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use domain::plan::{
    CompleteWorkout, CreatePlan, DeletePlan, NewWorkout, PlanCommand, PlanDetails, PlanRevision,
    PlanStatus, RemoveWorkout, ReopenWorkout, RevisePlan, ReviseWorkout, ScheduleWorkouts,
    ShiftWorkouts, SkipWorkout, WorkoutContent, WorkoutFields, WorkoutRevision, WorkoutType,
};
use domain::run::{
    CorrectRun, DeleteRun, Match, MatchRun, RecordRun, RunCommand, RunDetails, RunRevision, Source,
    UnmatchRun,
};
use domain::{
    Distance, Elevation, Heartbeat, Minutes, Name, OwnerId, PaceRange, PerceivedEffort, PlanId,
    RunId, Seconds, SecondsPerKm, Text, WorkoutId,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

pub(crate) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, 15).expect("a real date")
}

/// A day in some 60 around today, so that ranges meet, miss and turn round.
fn day() -> impl Strategy<Value = NaiveDate> {
    (0..60_u64).prop_map(|days| today() - Days::new(40) + Days::new(days))
}

/// The last day of a plan that begins on a day: some day, or about where a plan is too short or too long.
fn last_day(first: NaiveDate) -> impl Strategy<Value = NaiveDate> {
    let at_a_limit =
        select(vec![0_u64, 1, 364, 365, 366]).prop_map(move |days| first + Days::new(days));
    prop_oneof![3 => day(), 1 => at_a_limit]
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
    (0..4_u128).prop_map(|n| WorkoutId(Uuid::from_u128(n)))
}

fn run_id() -> impl Strategy<Value = RunId> {
    (0..3_u128).prop_map(|n| RunId(Uuid::from_u128(n)))
}

fn plan_details() -> impl Strategy<Value = PlanDetails> {
    let dates = day().prop_flat_map(|first| (Just(first), last_day(first)));
    (name(), option::of(text()), dates, option::of(day()), option::of(distance())).prop_map(
        |(name, description, (start_date, end_date), goal_race_date, goal_race_distance_m)| {
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
    let both = |first| (Just(Some(first)), last_day(first).prop_map(Some));
    let dates =
        prop_oneof![4 => (option::of(day()), option::of(day())), 1 => day().prop_flat_map(both)];
    (option::of(name()), option::of(option::of(text())), dates, goal, status).prop_map(
        |(
            name,
            description,
            (start_date, end_date),
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

/// Commands one after the other, most of them to a plan that is there.
pub(crate) fn plan_commands() -> impl Strategy<Value = Vec<PlanCommand>> {
    (option::weighted(0.8, created_plan()), vec(plan_command(), 1..40)).prop_map(
        |(created, commands)| {
            created.map(PlanCommand::Create).into_iter().chain(commands).collect()
        },
    )
}

/// A plan that spans most days there are.
fn created_plan() -> impl Strategy<Value = CreatePlan> {
    (name(), option::of(text()), 0..10_u64, 45..60_u64).prop_map(
        |(name, description, first, last)| {
            let day = |number| today() - Days::new(40) + Days::new(number);
            let details = PlanDetails {
                name,
                description,
                start_date: day(first),
                end_date: day(last),
                goal_race_date: None,
                goal_race_distance_m: None,
            };
            CreatePlan {
                plan_id: PlanId(Uuid::from_u128(1)),
                owner_id: OwnerId(Uuid::from_u128(2)),
                details,
            }
        },
    )
}

/// Commands one after the other, most of them to a run that is there.
pub(crate) fn run_commands() -> impl Strategy<Value = Vec<RunCommand>> {
    let recorded =
        run_command().prop_filter("a record", |command| matches!(command, RunCommand::Record(_)));
    (vec(recorded, 0..4), vec(run_command(), 1..40))
        .prop_map(|(recorded, commands)| recorded.into_iter().chain(commands).collect())
}

fn plan_command() -> impl Strategy<Value = PlanCommand> {
    let plan_id = PlanId(Uuid::from_u128(1));
    let owner_id = OwnerId(Uuid::from_u128(2));
    let shift = select(vec![ShiftWorkouts::No, ShiftWorkouts::Yes]);
    let fields = select(vec![WorkoutFields::Single, WorkoutFields::List]);
    prop_oneof![
        2 => plan_details().prop_map(move |details| PlanCommand::Create(CreatePlan { plan_id, owner_id, details })),
        4 => (plan_revision(), shift)
            .prop_map(|(revision, shift_workouts)| PlanCommand::Revise(RevisePlan { revision, shift_workouts })),
        1 => Just(PlanCommand::Delete(DeletePlan)),
        8 => (vec(new_workout(), 0..3), fields)
            .prop_map(|(workouts, fields)| PlanCommand::ScheduleWorkouts(ScheduleWorkouts { workouts, fields })),
        4 => (workout_id(), workout_revision())
            .prop_map(|(workout_id, revision)| PlanCommand::ReviseWorkout(ReviseWorkout { workout_id, revision })),
        1 => workout_id().prop_map(|workout_id| PlanCommand::RemoveWorkout(RemoveWorkout { workout_id })),
        2 => workout_id().prop_map(|workout_id| PlanCommand::SkipWorkout(SkipWorkout { workout_id })),
        2 => (workout_id(), option::of(run_id())).prop_map(|(workout_id, released_by)| {
            PlanCommand::ReopenWorkout(ReopenWorkout { workout_id, released_by })
        }),
        6 => (workout_id(), run_id())
            .prop_map(|(workout_id, run_id)| PlanCommand::CompleteWorkout(CompleteWorkout { workout_id, run_id })),
    ]
}

fn seconds() -> impl Strategy<Value = Seconds> {
    (60..40_000_i64).prop_map(|seconds| Seconds::from_seconds(seconds).expect("a duration"))
}

/// A distance and a time in which it is run at 2:00/km or 60:00/km, or a second more or less.
fn at_the_limits() -> impl Strategy<Value = (Distance, Seconds)> {
    (1..2_000_i64, select(vec![3, 90]), -1..=1_i64).prop_map(|(length, seconds, more)| {
        let distance = Distance::from_km(length as f64 * 0.025).expect("a distance");
        let duration = Seconds::from_seconds(length * seconds + more).expect("a duration");
        (distance, duration)
    })
}

/// Any heart rate, or one of few, so that two are the same.
fn heartbeat() -> impl Strategy<Value = Heartbeat> {
    prop_oneof![20..=260_i64, 150..=152_i64]
        .prop_map(|bpm| Heartbeat::from_bpm(bpm).expect("a heart rate"))
}

fn elevation() -> impl Strategy<Value = Elevation> {
    (0..3_000_u32)
        .prop_map(|metres| Elevation::from_metres(f64::from(metres)).expect("an elevation"))
}

fn perceived_effort() -> impl Strategy<Value = PerceivedEffort> {
    (1..=10_i64).prop_map(|level| PerceivedEffort::from_level(level).expect("an effort"))
}

/// A beginning on a day, on clocks here and there.
fn beginning(on: NaiveDate) -> impl Strategy<Value = DateTime<FixedOffset>> {
    (select(vec![3_u32, 8, 20]), select(vec![-8, 0, 5])).prop_map(move |(hour, east)| {
        let offset = FixedOffset::east_opt(east * 3600).expect("an offset");
        let at = on.and_hms_opt(hour, 0, 0).expect("an hour of the day");
        at.and_local_timezone(offset).single().expect("one such time")
    })
}

fn run_details() -> impl Strategy<Value = RunDetails> {
    let effort = (
        option::of(heartbeat()),
        option::of(heartbeat()),
        option::of(elevation()),
        option::of(perceived_effort()),
    );
    let began = |on| prop_oneof![4 => beginning(on), 1 => day().prop_flat_map(beginning)];
    let when = day().prop_flat_map(move |day| (Just(day), option::of(began(day))));
    let amounts = prop_oneof![2 => (distance(), seconds()), 1 => at_the_limits()];
    (when, amounts, effort, any::<bool>(), option::of(text())).prop_map(
        |((actual_date, started_at), (distance_m, duration_s), effort, is_race, notes)| {
            let (average_heart_rate, max_heart_rate, elevation_gain_m, perceived_effort) = effort;
            RunDetails {
                actual_date,
                started_at,
                distance_m,
                duration_s,
                average_heart_rate,
                max_heart_rate,
                elevation_gain_m,
                perceived_effort,
                is_race,
                notes,
            }
        },
    )
}

fn run_revision() -> impl Strategy<Value = RunRevision> {
    let beginning = option::of(option::of(day().prop_flat_map(beginning)));
    let effort = (
        option::of(option::of(heartbeat())),
        option::of(option::of(heartbeat())),
        option::of(option::of(elevation())),
        option::of(option::of(perceived_effort())),
    );
    let rest = (option::of(any::<bool>()), option::of(option::of(text())));
    let both = at_the_limits().prop_map(|(distance, duration)| (Some(distance), Some(duration)));
    let amounts = prop_oneof![2 => (option::of(distance()), option::of(seconds())), 1 => both];
    (option::of(day()), beginning, amounts, effort, rest).prop_map(
        |(actual_date, started_at, (distance_m, duration_s), effort, (is_race, notes))| {
            let (average_heart_rate, max_heart_rate, elevation_gain_m, perceived_effort) = effort;
            RunRevision {
                actual_date,
                started_at,
                distance_m,
                duration_s,
                average_heart_rate,
                max_heart_rate,
                elevation_gain_m,
                perceived_effort,
                is_race,
                notes,
            }
        },
    )
}

fn run_command() -> impl Strategy<Value = RunCommand> {
    let external_id = option::of(name().prop_map(|name| name.as_str().to_owned()));
    let source = (select(Source::ALL.to_vec()), external_id);
    let with = workout_id()
        .prop_map(|workout_id| Match { plan_id: PlanId(Uuid::from_u128(1)), workout_id });
    prop_oneof![
        4 => (run_details(), source).prop_map(|(details, (source, external_id))| RunCommand::Record(RecordRun {
            run_id: RunId(Uuid::from_u128(1)),
            owner_id: OwnerId(Uuid::from_u128(2)),
            source,
            external_id,
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
