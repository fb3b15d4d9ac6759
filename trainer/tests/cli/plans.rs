//! `trainer import plan`.

use serde_json::{Value, json};

use crate::files::PLAN;
use crate::operator::{Operator, must_fail};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_file_becomes_a_plan_that_the_running_trainer_shows() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("shown.yaml", PLAN);
    let import = ["import", "plan", &file, "--race-date", "2027-04-25", "--user", &email];

    let printed = folder.prints(&import);
    assert!(printed.contains("imported with 14 workouts"), "{printed}");
    let plans = operator.list(&email, "/api/v1/plans").await;
    let [plan] = plans.as_slice() else { panic!("{plans:?}") };
    assert!(printed.contains(plan["id"].as_str().unwrap()), "{printed}");
    let shown = [
        &plan["name"],
        &plan["start_date"],
        &plan["end_date"],
        &plan["goal_race_date"],
        &plan["status"],
    ];
    assert_eq!(
        shown,
        ["Two weeks to ten kilometres", "2027-04-12", "2027-04-25", "2027-04-25", "draft"]
    );
    let workouts = operator.list(&email, "/api/v1/workouts").await;
    let names: Vec<_> = workouts.iter().map(|workout| workout["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), names[1], names[13]), (14, "4.8 km run", "10K race (10 km)"));
    assert_eq!(workouts[13]["workout_type"], "race");
    assert_eq!(workouts[10]["name"], "4 x 400 m with easy jogs between, as relaxed as you can");

    let again = folder.prints(&import);
    assert!(again.contains("was imported before, nothing changed"), "{again}");
    assert_eq!(operator.list(&email, "/api/v1/workouts").await, workouts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_may_be_anchored_at_its_first_day_shown_in_miles_and_begun_at_once() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("miles.yaml", PLAN);
    let options = ["--start-date", "2027-01-04", "--unit", "mi", "--activate", "--user", &email];
    folder.prints(&[&["import", "plan", &file][..], &options].concat());

    let plan = &operator.list(&email, "/api/v1/plans").await[0];
    assert_eq!(
        [&plan["start_date"], &plan["end_date"], &plan["status"]],
        ["2027-01-04", "2027-01-17", "active"]
    );
    let workouts = operator.list(&email, "/api/v1/workouts").await;
    assert_eq!([&workouts[1]["name"], &workouts[13]["name"]], ["3 mi run", "10K race (6.2 mi)"]);
    assert_eq!(workouts[1]["distance_km"], json!(4.828));
    // At other dates it is another plan.
    folder.prints(&["import", "plan", &file, "--start-date", "2027-01-05", "--user", &email]);
    assert_eq!(operator.list(&email, "/api/v1/plans").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_import_is_said_and_nothing_is_imported() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let good = folder.write("good.yaml", PLAN);
    let binary = folder.write("binary.yaml", [0xff, 0xfe, 0x00, 0x7f, 0x45]);
    let other = folder.write("other.yaml", "apples: 3\npears: 4\n");
    let broken = folder.write("broken.yaml", "id: [unclosed\nname: x\n");
    let bad_day = folder.write("bad-day.yaml", PLAN.replace("distance: 8", "distance: much"));
    let when = ["--start-date", "2027-01-04"];
    for (file, options, user, said) in [
        (
            &*good,
            &when[..],
            "nobody@example.org",
            "there is no account with the e-mail nobody@example.org",
        ),
        (&good, &when, "", "--user"),
        (&good, &[], &email, "--start-date"),
        (
            &good,
            &["--start-date", "2027-01-04", "--race-date", "2027-01-17"],
            &email,
            "cannot be used with",
        ),
        (&good, &["--start-date", "2027-02-30"], &email, "2027-02-30"),
        (&good, &["--start-date", "2027-01-04", "--unit", "league"], &email, "league"),
        ("/nowhere/plan.yaml", &when, &email, "/nowhere/plan.yaml cannot be read"),
        (&binary, &when, &email, "binary.yaml"),
        (&other, &when, &email, "`id` is missing"),
        (&broken, &when, &email, "not a readable YAML file"),
        (&bad_day, &when, &email, "week 1, day 7"),
    ] {
        let mut arguments = vec!["import", "plan", file];
        arguments.extend(options);
        if !user.is_empty() {
            arguments.extend(["--user", user]);
        }
        let message = must_fail(folder.run(&arguments));
        assert!(message.contains(said), "{arguments:?}: {message}");
    }
    assert_eq!(operator.list(&email, "/api/v1/plans").await, Vec::<Value>::new());
}
