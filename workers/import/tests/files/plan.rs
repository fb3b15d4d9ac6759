//! Plan files read into commands.

use chrono::NaiveDate;
use cqrs_es::test::TestFramework;
use domain::plan::{
    NewWorkout, Plan, PlanCommand, PlanError, ScheduleWorkouts, WorkoutFields, WorkoutType,
};
use domain::{Distance, OwnerId};
use import::ImportError;
use import::plan::{Anchor, PlanImport, PlanOptions, Unit, read};
use uuid::Uuid;

#[test]
fn a_plan_is_anchored_at_its_first_day() {
    let plan = km(TWO_WEEKS);
    let details = &plan.create.details;

    assert_eq!((details.start_date, details.end_date), (date("2026-03-02"), date("2026-03-15")));
    assert_eq!(details.goal_race_date, Some(date("2026-03-15")));
    assert_eq!(details.goal_race_distance_m.map(Distance::metres), Some(21_098));
    assert_eq!(plan.workouts.len(), 14);
    assert!(
        plan.workouts
            .iter()
            .map(|workout| workout.scheduled_date.unwrap())
            .eq(details.start_date.iter_days().take(14))
    );
}

#[test]
fn a_plan_is_anchored_at_its_race() {
    let plan =
        read(TWO_WEEKS, PlanOptions { anchor: Anchor::Race(date("2026-04-19")), ..options() })
            .unwrap();
    let details = &plan.create.details;

    assert_eq!((details.start_date, details.end_date), (date("2026-04-06"), date("2026-04-19")));
    assert_eq!(details.goal_race_date, Some(date("2026-04-19")));
    assert_eq!(plan.workouts[13].content.workout_type, WorkoutType::Race);
}

#[test]
fn a_schedule_without_a_race_ends_the_day_before_it() {
    let yaml = TWO_WEEKS.replace("Half Marathon (", "Jog (");
    let plan =
        read(&yaml, PlanOptions { anchor: Anchor::Race(date("2026-04-20")), ..options() }).unwrap();
    let details = &plan.create.details;

    assert_eq!((details.start_date, details.end_date), (date("2026-04-06"), date("2026-04-20")));
    assert_eq!(plan.workouts[13].scheduled_date, Some(date("2026-04-19")));
    assert!(plan.notes.iter().any(|note| note.contains("holds no race")), "{:?}", plan.notes);
}

#[test]
fn a_tune_up_race_is_not_the_goal() {
    let early = "- workouts: [{title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: 5K race}]\n";
    let quiet = "- workouts: [{title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Jog}]\n";
    let yaml = format!("{HEAD}{early}{quiet}{quiet}");

    assert_eq!(km(&yaml).create.details.goal_race_date, None);
}

#[test]
fn titles_and_distances_are_in_the_runners_unit() {
    assert_eq!(
        names(&km(TWO_WEEKS))[..4],
        ["Rest", "4.8 km run", "5-6 mile easy run (9.7 km)", "30 min cross"]
    );
    let miles = read(TWO_WEEKS, PlanOptions { unit: Unit::Mi, ..options() }).unwrap();
    assert_eq!(names(&miles)[..4], ["Rest", "3 mi run", "5-6 mile easy run", "30 min cross"]);

    for plan in [km(TWO_WEEKS), miles] {
        let metres: Vec<_> =
            plan.workouts.iter().map(|w| w.content.distance_m.map(Distance::metres)).collect();
        assert_eq!(
            metres[..7],
            [None, Some(4_828), Some(9_656), None, Some(8_047), None, Some(12_875)]
        );
    }
}

#[test]
fn every_day_gets_a_type() {
    use WorkoutType::{CrossTraining, EasyRun, Intervals, LongRun, Race, RacePace, Rest};

    let types: Vec<_> =
        km(TWO_WEEKS).workouts.iter().map(|workout| workout.content.workout_type).collect();
    assert_eq!(types[..7], [Rest, EasyRun, EasyRun, CrossTraining, RacePace, Rest, LongRun]);
    assert_eq!(types[7..], [Rest, EasyRun, Intervals, EasyRun, Rest, Rest, Race]);
}

#[test]
fn the_longest_run_of_a_week_is_its_long_run() {
    let types = |days: [&str; 7]| -> Vec<WorkoutType> {
        let days = days.map(|day| format!("  - {day}\n")).concat();
        let plan = km(&format!("{HEAD}- workouts:\n{days}"));
        plan.workouts.iter().map(|workout| workout.content.workout_type).collect()
    };
    let [short, long] = ["{title: Run, distance: 5}", "{title: Run, distance: 6}"];
    let rest = "{title: Rest}";

    assert_eq!(types([short, long, short, rest, rest, rest, rest])[1], WorkoutType::LongRun);
    // Of equals the last; alone in its week none.
    assert_eq!(types([long, short, rest, long, rest, rest, rest])[3], WorkoutType::LongRun);
    assert_eq!(types([long, rest, rest, rest, rest, rest, rest])[0], WorkoutType::EasyRun);
    // Not when the longest is something else, or another one is called so.
    assert!(
        !types([short, long, "{title: Tempo, distance: 9}", rest, rest, rest, rest])
            .contains(&WorkoutType::LongRun)
    );
    let named = types([short, long, "{title: Long run, distance: 4}", rest, rest, rest, rest]);
    assert_eq!(named[..3], [WorkoutType::EasyRun, WorkoutType::EasyRun, WorkoutType::LongRun]);
    // A bike ride is longer than any run.
    let ride = "{title: Bike, distance: 40}";
    assert_eq!(types([short, ride, long, rest, rest, rest, rest])[2], WorkoutType::LongRun);
}

#[test]
fn a_time_is_taken_from_a_title_that_says_nothing_else() {
    let minutes: Vec<_> = km(TWO_WEEKS)
        .workouts
        .iter()
        .map(|w| w.content.duration_minutes.map(|m| m.minutes()))
        .collect();

    assert_eq!(minutes[3], Some(30));
    assert_eq!(minutes.iter().flatten().count(), 1);
}

#[test]
fn of_a_range_the_upper_end_counts() {
    for (distance, metres) in [
        ("6", 6_000),
        ("[6]", 6_000),
        ("[5, 6.5]", 6_500),
        ("0", 0),
        ("0.01", 10),
        ("1000", 1_000_000),
    ] {
        let plan = km(&with_day(&format!("{{title: Run, distance: {distance}}}")));
        assert_eq!(
            plan.workouts[0].content.distance_m.map_or(0, Distance::metres),
            metres,
            "{distance}"
        );
    }
}

#[test]
fn a_session_of_several_lines_is_named_in_one() {
    let plan = km(TWO_WEEKS);
    let session = &plan.workouts[9].content;

    assert_eq!(
        session.name.as_str(),
        "8 miles, consisting of: 2 mile warm-up, 4 x 1 km at 10k pace, 2 mile warm-down (12.9 km in all)"
    );
    assert_eq!(
        session.description.as_ref().map(|text| text.as_str()),
        Some(
            "8 miles, consisting of:\n2 mile warm-up\n4 x 1 km at 10k pace\n2 mile warm-down (12.9 km in all)"
        )
    );
}

#[test]
fn a_long_title_is_cut_and_kept_in_the_description() {
    let title = format!("Run {}", "🏃".repeat(300));
    let plan = km(&with_day(&format!("{{title: \"{title}\", description: By feel}}")));
    let content = &plan.workouts[0].content;

    assert_eq!(content.name.as_str().chars().count(), 255);
    assert_eq!(
        content.description.as_ref().map(|text| text.as_str()),
        Some(format!("{title}\n\nBy feel").as_str())
    );
}

#[test]
fn what_the_file_says_of_itself_is_kept() {
    let plan = km(TWO_WEEKS);

    assert_eq!(plan.create.details.name.as_str(), "Two weeks");
    assert_eq!(
        plan.create.details.description.as_ref().map(|text| text.as_str()),
        Some("Short but real.\n\nWeek 2: Race week\n\nSource: own words")
    );
}

#[test]
fn numbers_that_do_not_fit_are_noted_and_taken() {
    let plan = km(&with_day("{title: '13 miles steady', distance: 1}"));
    assert_eq!(plan.notes, ["week 1, day 1: the title says 13 mi, the distance is 1 km"]);

    let plan = km(&with_day("{title: '{6:8.7} run', distance: 9.7, tags: [Jogging], pace: 5}"));
    assert_eq!(
        plan.notes,
        [
            "week 1, day 1: \"pace\" is not one of the form's fields",
            "week 1, day 1: the tag \"Jogging\" is not one of the form's",
            "week 1, day 1: the title says 6 mi and 8.7 km, but 6 mi are 9.7 km",
        ]
    );
    assert_eq!(plan.workouts[0].content.name.as_str(), "8.7 km run");
    assert_eq!(km(TWO_WEEKS).notes, Vec::<String>::new());
}

#[test]
fn the_same_file_gives_the_same_ids() {
    let (one, same) = (km(TWO_WEEKS), km(TWO_WEEKS));
    assert_eq!(one.create.plan_id, same.create.plan_id);
    assert!(ids(&one).eq(ids(&same)));

    let later =
        read(TWO_WEEKS, PlanOptions { anchor: Anchor::Start(date("2026-03-09")), ..options() })
            .unwrap();
    let other =
        read(TWO_WEEKS, PlanOptions { owner: OwnerId(Uuid::from_u128(2)), ..options() }).unwrap();
    // Anchored at the race it is the same plan when it begins on the same day.
    let raced =
        read(TWO_WEEKS, PlanOptions { anchor: Anchor::Race(date("2026-03-15")), ..options() })
            .unwrap();
    assert_ne!(one.create.plan_id, later.create.plan_id);
    assert_ne!(one.create.plan_id, other.create.plan_id);
    assert_eq!(one.create.plan_id, raced.create.plan_id);
}

#[test]
fn what_is_read_is_what_the_rules_allow() {
    for anchor in [Anchor::Start(date("2024-02-29")), Anchor::Race(date("2024-02-29"))] {
        let PlanImport { create, workouts, .. } =
            read(TWO_WEEKS, PlanOptions { anchor, ..options() }).unwrap();
        let created = TestFramework::<Plan>::with(())
            .given_no_previous_events()
            .when(PlanCommand::Create(create.clone()))
            .inspect_result()
            .unwrap();
        let schedule = PlanCommand::ScheduleWorkouts(ScheduleWorkouts {
            workouts,
            fields: WorkoutFields::List,
        });
        let scheduled = TestFramework::<Plan>::with(())
            .given(created.clone())
            .when(schedule)
            .inspect_result()
            .unwrap();
        assert_eq!(scheduled.len(), 14);

        // Imported again it is refused as what it is: already there.
        TestFramework::<Plan>::with(())
            .given(created)
            .when(PlanCommand::Create(create))
            .then_expect_error(PlanError::AlreadyExists);
    }
}

#[test]
fn a_broken_file_is_refused_with_the_place() {
    let day = |day: &str| refusal(&with_day(day));

    assert_eq!(
        day("{title: Run, distance: far}"),
        "week 1, day 1: `distance` must be a number or a list of one or two numbers, not a text"
    );
    assert_eq!(
        day("{title: Run, distance: [6, 5]}"),
        "week 1, day 1: `distance` runs from 6 down to 5"
    );
    assert_eq!(
        day("{title: Run, distance: -3}"),
        "week 1, day 1: `distance` must be between 0.01 and 1000 km"
    );
    assert_eq!(
        day("{title: Run, distance: 1001}"),
        "week 1, day 1: `distance` must be between 0.01 and 1000 km"
    );
    assert_eq!(day("{distance: 3}"), "week 1, day 1: `title` is missing");
    assert_eq!(day("{title: '  '}"), "week 1, day 1: `title` is missing");
    assert_eq!(day("{title: [Run]}"), "week 1, day 1: `title` must be a text, not a list");
    assert_eq!(
        day("{title: Run, tags: 3}"),
        "week 1, day 1: `tags` must be a list of texts, not a number"
    );
    assert_eq!(day("Rest"), "week 1, day 1: must be a workout with a title, not a text");
    assert_eq!(
        day("{title: \"a\\0b\"}"),
        "week 1, day 1: `title` must not contain the character U+0000"
    );
    assert_eq!(
        refusal(&format!("{HEAD}- workouts: [{{title: Rest}}]\n")),
        "week 1: must have 7 days, not 1"
    );
    assert_eq!(refusal(&format!("{HEAD}- days: []\n")), "week 1: `workouts` is missing");
    assert_eq!(
        refusal(&format!("{HEAD}{WEEK}- workouts: Rest\n")),
        "week 2: `workouts` must be a list of days, not a text"
    );
    assert_eq!(refusal(&format!("{HEAD}  []\n")), "`schedule` is missing or has no week");
    assert_eq!(refusal("name: x\nunits: km\n"), "`id` is missing");
    assert_eq!(
        refusal(&TWO_WEEKS.replace("units: mi", "units: furlongs")),
        "`units` must be mi or km, not \"furlongs\""
    );
    assert_eq!(
        refusal(&TWO_WEEKS.replace("name: Two weeks", "name: [a]")),
        "`name` must be a text, not a list"
    );
    assert!(refusal("- 1\n- 2\n").starts_with("`schedule` is missing: the file is a list"));
    assert!(refusal("id: x\nname: 'open\n").contains("line"));
}

#[test]
fn a_plan_has_at_most_52_weeks() {
    assert_eq!(km(&format!("{HEAD}{}", WEEK.repeat(52))).workouts.len(), 364);
    assert_eq!(
        refusal(&format!("{HEAD}{}", WEEK.repeat(53))),
        "`schedule` has 53 weeks; a plan spans at most 52"
    );
}

#[test]
fn a_plan_does_not_leave_the_calendar() {
    for anchor in [Anchor::Start(NaiveDate::MAX), Anchor::Race(NaiveDate::MIN)] {
        let error = read(TWO_WEEKS, PlanOptions { anchor, ..options() }).unwrap_err();
        assert!(matches!(error, ImportError::OutsideCalendar), "{error}");
    }
}

const HEAD: &str = "id: own\nname: Own\nunits: km\ntype: Base\nschedule:\n";

const WEEK: &str = "- workouts: [{title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}, {title: Rest}]\n";

const TWO_WEEKS: &str = r#"
id: two_weeks
name: Two weeks
description: Short but real.
units: mi
source: own words
type: Half Marathon
schedule:
- workouts: # week 1
  - title: Rest
  - title: '{3:4.8} run'
    distance: 3.0
  - title: 5-6 mile easy run {6}
    distance: [5, 6]
  - title: 30 min cross
  - title: '{5:8.0} pace'
    distance: 5
  - title: Off day
  - title: '{8:12.9}'
    distance: 8
- description: Race week
  workouts:
  - title: Rest
  - title: Shakeout {2:3.2}
    distance: 2
    tags: [Easy Run]
  - title: "8 miles, consisting of:

      2 mile warm-up

      4 x 1 km at 10k pace

      2 mile warm-down {8}"
    distance: 8
  - title: Run 10 minutes, walk 60 seconds. Repeat 3 times
  - title: Rest
  - title: Rest
  - title: Half Marathon ({13.1:21.1})
    distance: 13.1
"#;

fn options() -> PlanOptions {
    PlanOptions {
        owner: OwnerId(Uuid::from_u128(1)),
        anchor: Anchor::Start(date("2026-03-02")),
        unit: Unit::Km,
    }
}

fn km(yaml: &str) -> PlanImport {
    read(yaml, options()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(yaml: &str) -> String {
    read(yaml, options()).expect_err("a refusal").to_string()
}

/// A plan of one week whose first day is the given one.
fn with_day(day: &str) -> String {
    let rest = "  - {title: Rest}\n".repeat(6);
    format!("{HEAD}- workouts:\n  - {day}\n{rest}")
}

fn names(plan: &PlanImport) -> Vec<&str> {
    plan.workouts.iter().map(|workout| workout.content.name.as_str()).collect()
}

fn ids(plan: &PlanImport) -> impl Iterator<Item = domain::WorkoutId> {
    plan.workouts.iter().map(|NewWorkout { workout_id, .. }| *workout_id)
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
