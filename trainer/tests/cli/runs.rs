//! `trainer import runs`.

use serde_json::{Value, json};

use crate::files::{EXPORT, RUNS};
use crate::operator::{Operator, create_account, head, must_fail, must_succeed};
use crate::program::{PASSWORD, TestFolder, Trainer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_runs_is_imported_and_shown_by_the_running_trainer() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("runs.json", RUNS);

    let printed = folder.prints(&["import", "runs", &file, "--user", &email]);
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(
        lines[..3],
        ["2 runs recorded, 0 already there", "1 skipped, not runs: 1 Walk", "2 bad rows:"]
    );
    assert_eq!(lines[3], "  line 5 (entry 4): the distance is zero");
    assert!(lines[4].starts_with("  line 6 (entry 5): ") && lines.len() == 5, "{printed}");
    let runs = operator.list(&email, "/api/v1/runs").await;
    let mut shown: Vec<_> = runs.iter().map(|run| run["external_id"].as_str().unwrap()).collect();
    shown.sort_unstable();
    assert_eq!(shown, ["7001", "7002"]);
    for run in &runs {
        assert_eq!([&run["source"], &run["actual_date"]], ["file", "2024-12-05"]);
    }
    assert_eq!(operator.see(&email, "/api/v1/analytics/summary").await["total_runs"], 2);

    let again = folder.prints(&["import", "runs", &file, "--user", &email]);
    assert!(again.starts_with("0 runs recorded, 2 already there"), "{again}");
    assert_eq!(operator.list(&email, "/api/v1/runs").await, runs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_export_is_imported_from_its_precise_columns() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("activities.csv", EXPORT);

    let printed = folder.prints(&["import", "runs", &file, "--user", &email, "--offset", "+02:00"]);
    assert!(
        printed.starts_with(
            "1 run recorded, 0 already there\n1 skipped, not runs: 1 Ride\n1 bad row:"
        ),
        "{printed}"
    );
    assert!(
        printed.contains("line 5 (entry 3): \"Moving Time\" is not a number: \"soon\""),
        "{printed}"
    );
    let runs = operator.list(&email, "/api/v1/runs").await;
    let [run] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!((&run["distance_km"], &run["duration_seconds"]), (&json!(5.214), &json!(1_491)));
    assert_eq!(run["started_at"], "2023-07-05T10:45:34+02:00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_file_of_runs_is_said() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let good = folder.write("good.json", RUNS);
    let binary =
        folder.write("picture.png", [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0xff]);
    let empty = folder.write("empty.json", "");
    let other = folder.write("other.csv", "a,b,c\n1,2,3\n");
    for (file, user, said) in [
        (&*good, "nobody@example.org", "there is no account with the e-mail nobody@example.org"),
        (&good, "", "--user"),
        ("/nowhere/runs.json", &email, "/nowhere/runs.json cannot be read"),
        ("/", &email, "/ "),
        (&binary, &email, "picture.png"),
        (&empty, &email, "it is empty"),
        (&other, &email, "neither a JSON list of runs nor the activities.csv of a Strava export"),
    ] {
        let mut arguments = vec!["import", "runs", file];
        if !user.is_empty() {
            arguments.extend(["--user", user]);
        }
        let message = must_fail(folder.run(&arguments));
        assert!(message.contains(said), "{arguments:?}: {message}");
    }
    assert_eq!(operator.list(&email, "/api/v1/runs").await, Vec::<Value>::new());
}

/// Each command starts the servers and stops them again, also when it fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_running_trainer_a_second_import_changes_nothing_and_nothing_is_left_running() {
    let folder = TestFolder::new();
    let file = folder.write("runs.json", RUNS);
    let email = "ann@example.org";
    must_succeed(create_account(&folder, &["--email", email], PASSWORD));
    folder.prints(&["import", "runs", &file, "--user", email]);
    let before = head(&folder);
    assert_eq!(before, 2);
    folder.prints(&["import", "runs", &file, "--user", email]);
    assert_eq!(head(&folder), before);
    folder.assert_nothing_is_left();

    must_fail(folder.run(&["import", "runs", &file, "--user", "nobody@example.org"]));
    folder.assert_nothing_is_left();
    must_fail(folder.run(&["import", "runs", "/nowhere/runs.json", "--user", email]));
    folder.assert_nothing_is_left();

    // The next trainer shows what was imported while none ran.
    let trainer = Trainer::up(&folder);
    let operator = Operator { folder, trainer };
    assert_eq!(operator.list(email, "/api/v1/runs").await.len(), 2);
    operator.trainer.stop();
}
