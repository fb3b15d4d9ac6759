//! Plans to print, from the usual to the hostile.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use domain::plan::{PlanStatus, WorkoutStatus, WorkoutType};
use domain::{PlanId, WorkoutId};
use typesetting::{PlanDocument, PrintedPlan, PrintedRun, PrintedWorkout};
use uuid::Uuid;

/// Sixteen weeks to a marathon, of which six and a half are run.
pub(crate) fn marathon() -> PlanDocument {
    let start = day("2027-01-04");
    let mut document = plan("Spring marathon", start, 16);
    document.plan.description =
        Some("Four runs a week, strength on Fridays. Easy means easy.".to_owned());
    document.plan.goal_race_date = Some(start + Days::new(16 * 7 - 1));
    document.plan.goal_race_distance_m = Some(42_195);
    let volumes = [40, 44, 48, 38, 50, 54, 58, 46, 60, 64, 68, 54, 70, 56, 42, 24];
    for (week, km) in (0_u64..).zip(volumes) {
        let monday = start + Days::new(7 * week);
        let on = |weekday: u64| Some(monday + Days::new(weekday));
        let easy_m = km * 200;
        let mut easy =
            workout(document.workouts.len(), on(1), "Easy by the canal", WorkoutType::EasyRun);
        easy.distance_m = Some(easy_m);
        easy.target_pace_fast_s_per_km = Some(345);
        easy.target_pace_slow_s_per_km = Some(370);
        document.workouts.push(easy);
        let (name, kind, description) = match week % 4 {
            0 => ("Tempo", WorkoutType::Tempo, "2 km easy, 20 min comfortably hard, 2 km easy"),
            1 => (
                "6 × 800 m",
                WorkoutType::Intervals,
                "400 m jog between; the last as fast as the first",
            ),
            2 => (
                "Marathon pace",
                WorkoutType::RacePace,
                "10 km at the pace of the race, drinking as in the race",
            ),
            _ => ("Hills", WorkoutType::HillRepeats, "8 × 90 s uphill, walk down"),
        };
        let mut fast = workout(document.workouts.len(), on(3), name, kind);
        fast.description = Some(description.to_owned());
        fast.distance_m = Some(km * 220);
        fast.target_pace_fast_s_per_km = Some(275);
        fast.target_pace_slow_s_per_km = Some(290);
        document.workouts.push(fast);
        let mut strength =
            workout(document.workouts.len(), on(4), "Legs and trunk", WorkoutType::Strength);
        strength.duration_minutes = Some(40);
        document.workouts.push(strength);
        let mut recovery =
            workout(document.workouts.len(), on(5), "Shake out", WorkoutType::Recovery);
        recovery.distance_m = Some(km * 150);
        recovery.duration_minutes = Some(45);
        document.workouts.push(recovery);
        let race = week == 15;
        let mut long = workout(
            document.workouts.len(),
            on(6),
            if race { "The marathon" } else { "Long run" },
            if race { WorkoutType::Race } else { WorkoutType::LongRun },
        );
        long.distance_m = Some(if race { 42_195 } else { km * 430 });
        long.duration_minutes = (!race).then_some(150);
        document.workouts.push(long);
        document.workouts.push(workout(document.workouts.len(), on(0), "Rest", WorkoutType::Rest));
    }
    run_until(&mut document, day("2027-02-18"));
    document
}

/// Fifty-two weeks with 600 workouts.
pub(crate) fn year() -> PlanDocument {
    let start = day("2027-01-01");
    let mut document = plan("A year of running", start, 52);
    for at in 0..600 {
        let on = start + Days::new(at as u64 * 364 / 600);
        let kind = WorkoutType::ALL[at % WorkoutType::ALL.len()];
        let mut workout = workout(at, Some(on), &format!("W{at:03}x"), kind);
        workout.distance_m = Some(5_000 + at as u32);
        document.workouts.push(workout);
    }
    document
}

/// Names and texts as bad as they may be stored.
pub(crate) fn hostile() -> PlanDocument {
    let start = day("2027-03-01");
    let mut document = plan(&"W".repeat(255), start, 2);
    document.plan.description =
        Some("#read(\"/etc/passwd\") $x$ \\ *a* _b_ `c` @d <e> ".repeat(180));
    document.runner = Some("Zoë #image(\"x\")".to_owned());
    for (at, text) in HOSTILE.iter().enumerate() {
        let mut workout =
            workout(at, Some(start + Days::new(at as u64 % 14)), text, WorkoutType::ALL[at % 12]);
        workout.description = match at % 3 {
            0 => Some(String::new()),
            1 => Some("x".to_owned()),
            _ => Some((*text).to_owned()),
        };
        document.workouts.push(workout);
    }
    let at = document.workouts.len();
    document.workouts.push(workout(
        at,
        Some(start),
        &"Donaudampfschifffahrt".repeat(12),
        WorkoutType::Tempo,
    ));
    document.workouts.push(workout(at + 1, Some(start), &"🏃".repeat(255), WorkoutType::Tempo));
    document.workouts.push(workout(at + 2, None, &"M".repeat(255), WorkoutType::Tempo));
    document
}

/// What would be code in Typst, a shell, HTML or a path, and scripts of the world.
pub(crate) const HOSTILE: [&str; 14] = [
    "#read(\"/etc/passwd\")",
    "$x^2$ and \\alpha",
    "*bold* _emph_ `raw` ~ -- --- ... 'quotes'",
    "= heading",
    "#panic(1) #import \"@preview/x:0.1.0\"",
    "<label> @ref // comment /* c */",
    "$(touch /tmp/x) `id` ; && |",
    "{version} {week} {{7*7}} <script>",
    "https://example.org/a?b=c#d",
    "ריצה קלה לאורך הנהר",
    "جري سهل",
    "Лёгкий бег Εύκολο τρέξιμο",
    "👨‍👩‍👧‍👦 🇩🇪 👍🏽 run",
    "e\u{301}a\u{308} ﬁ ẞ",
];

pub(crate) fn plan(name: &str, start: NaiveDate, weeks: u64) -> PlanDocument {
    PlanDocument {
        plan: PrintedPlan {
            plan_id: PlanId(Uuid::from_u128(7)),
            name: name.to_owned(),
            description: None,
            start_date: start,
            end_date: start + Days::new(7 * weeks - 1),
            goal_race_date: None,
            goal_race_distance_m: None,
            status: PlanStatus::Active,
        },
        workouts: vec![],
        runs: vec![],
        as_of: moment("2027-02-18T10:30:00Z"),
        version: 117,
        runner: Some("Ann Example".to_owned()),
        live_url: Some(
            "https://trainer.example/plans/0198b6c2-5f1e-7a62-9a5e-1f0d6f1c2b3a".to_owned(),
        ),
    }
}

pub(crate) fn workout(
    at: usize,
    on: Option<NaiveDate>,
    name: &str,
    kind: WorkoutType,
) -> PrintedWorkout {
    PrintedWorkout {
        workout_id: WorkoutId(Uuid::from_u128(at as u128 + 1)),
        scheduled_date: on,
        name: name.to_owned(),
        workout_type: kind,
        description: None,
        distance_m: None,
        duration_minutes: None,
        target_pace_fast_s_per_km: None,
        target_pace_slow_s_per_km: None,
        status: WorkoutStatus::Planned,
    }
}

/// Completes what lies before a day, but not all of it.
fn run_until(document: &mut PlanDocument, today: NaiveDate) {
    for (at, workout) in document.workouts.iter_mut().enumerate() {
        let Some(on) = workout.scheduled_date.filter(|on| *on < today) else { continue };
        match at % 13 {
            5 => workout.status = WorkoutStatus::Skipped,
            9 => {}
            _ => workout.status = WorkoutStatus::Completed,
        }
        if workout.status == WorkoutStatus::Completed
            && let Some(planned_m) = workout.distance_m
        {
            let distance_m = planned_m + 37 * on.day();
            document.runs.push(PrintedRun {
                workout_id: workout.workout_id,
                actual_date: on,
                distance_m,
                duration_s: distance_m * 33 / 100,
            });
        }
    }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub(crate) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}
