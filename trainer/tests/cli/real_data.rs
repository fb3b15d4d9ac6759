//! Files of real runners and real plans, where they are at hand: `TRAINER_TEST_DATA` names their folder.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use crate::operator::Operator;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_years_of_runs_are_imported_once() {
    let Some(file) = file("runs/runs-2012-2024.json") else { return };
    let operator = Operator::new();
    let email = operator.account();
    let import = ["import", "runs", &file, "--user", &email];

    let began = Instant::now();
    let printed = operator.folder.prints(&import);
    println!("{}, took {:.1?}", printed.lines().next().unwrap(), began.elapsed());
    assert!(
        printed.starts_with(
            "3076 runs recorded, 0 already there\n13 skipped, not runs: 8 Workout, 5 Walk"
        ),
        "{printed}"
    );
    let head = operator.head();
    assert_eq!(head, 3_076);
    let summary = operator.see(&email, "/api/v1/analytics/summary").await;
    assert_eq!(summary["total_runs"], 3_076);
    let kilometres = summary["total_distance_km"].as_f64().unwrap();
    assert!((11_714.0..11_715.0).contains(&kilometres), "{kilometres}");

    let began = Instant::now();
    let again = operator.folder.prints(&import);
    println!("{}, took {:.1?}", again.lines().next().unwrap(), began.elapsed());
    assert!(again.starts_with("0 runs recorded, 3076 already there"), "{again}");
    assert_eq!(operator.head(), head, "a second import changes nothing");
    // Three pairs have the same start and are different activities.
    let runs = operator.list(&email, "/api/v1/runs").await;
    assert_eq!(runs.len(), 3_076);
    let mut starts: Vec<_> = runs.iter().map(|run| run["started_at"].as_str().unwrap()).collect();
    starts.sort_unstable();
    starts.dedup();
    assert_eq!(starts.len(), 3_073);
    operator.trainer.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_lists_of_runs_are_imported() {
    for (name, first_line, bad) in [
        (
            "runs/runs-with-elevation-2019-2026.json",
            "487 runs recorded, 0 already there",
            "2 bad rows:",
        ),
        (
            "runs/strava-bulk-export-activities.csv",
            "87 runs recorded, 0 already there",
            "2 bad rows:",
        ),
    ] {
        let Some(file) = file(name) else { return };
        let operator = Operator::shared();
        let email = operator.account();
        let import = ["import", "runs", &file, "--user", &email];
        let printed = operator.folder.prints(&import);
        assert!(printed.starts_with(first_line) && printed.contains(bad), "{name}: {printed}");
        let runs = operator.list(&email, "/api/v1/runs").await;
        assert!(first_line.starts_with(&runs.len().to_string()), "{name}: {} runs", runs.len());
        let again = operator.folder.prints(&import);
        assert!(again.starts_with("0 runs recorded"), "{name}: {again}");
        assert_eq!(operator.list(&email, "/api/v1/runs").await, runs, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_are_imported_in_both_units_and_from_both_ends() {
    for (name, workouts, km, mi) in [
        (
            "plans/c25k.yaml",
            56,
            "Run 30 seconds, walk 30 seconds. Repeat 15 times",
            "Run 30 seconds, walk 30 seconds. Repeat 15 times",
        ),
        ("plans/higdon_nov_half1.yaml", 84, "4.8 km run", "3 mi run"),
        ("plans/higdon_int_mara1.yaml", 126, " km", " mi"),
        ("plans/boston_level_one.yaml", 140, "km", "mi"),
    ] {
        let Some(file) = file(name) else { return };
        let operator = Operator::shared();
        for (unit, word) in [("km", km), ("mi", mi)] {
            let email = operator.account();
            for when in [["--race-date", "2026-04-26"], ["--start-date", "2027-01-04"]] {
                let import =
                    ["import", "plan", &file, "--unit", unit, "--user", &email, when[0], when[1]];
                let printed = operator.folder.prints(&import);
                assert!(
                    printed.contains(&format!("imported with {workouts} workouts")),
                    "{name}: {printed}"
                );
                let again = operator.folder.prints(&import);
                assert!(again.contains("nothing changed"), "{name}: {again}");
            }
            // The newest start first.
            let plans = operator.list(&email, "/api/v1/plans").await;
            let [from_start, from_race] = plans.as_slice() else { panic!("{name}: {plans:?}") };
            assert_eq!(
                [&from_start["start_date"], &from_race["goal_race_date"]],
                ["2027-01-04", "2026-04-26"],
                "{name}"
            );
            let path = format!("/api/v1/plans/{}/workouts", from_start["id"].as_str().unwrap());
            let shown = operator.list(&email, &path).await;
            assert_eq!(shown.len(), workouts, "{name}");
            let named =
                |workout: &Value| workout["name"].as_str().is_some_and(|name| name.contains(word));
            assert!(shown.iter().any(named), "{name} has no {word:?}");
            assert!(
                !shown.iter().any(|workout| workout["name"].as_str().unwrap().contains('{')),
                "{name}"
            );
        }
    }
}

/// Where a file is; says so where there is none.
fn file(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("TRAINER_TEST_DATA") else {
        eprintln!("SKIPPED {name}: TRAINER_TEST_DATA is not set");
        return None;
    };
    Some(PathBuf::from(folder).join(name).to_str().unwrap().to_owned())
}
