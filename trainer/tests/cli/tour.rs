//! The tour in README.md, as a newcomer follows it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Deserializer, Value};

use crate::operator::Operator;

const HEADING: &str = "## A tour in two minutes";

#[test]
fn the_tour_of_the_readme_works_line_by_line() {
    for probe in
        [&["curl", "--version"][..], &["jq", "--version"], &["date", "-u", "-d", "+69 days"]]
    {
        let works = Command::new(probe[0])
            .args(&probe[1..])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !works.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED the tour of README.md: `{}` does not work here", probe.join(" "));
            return;
        }
    }
    let operator = Operator::shared();
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, tour) = readme.split_once(HEADING).expect("README.md has a tour");
    let (_, script) = tour.split_once("```sh\n").expect("the tour has commands");
    let (script, _) = script.split_once("\n```").expect("the commands end");
    assert!(script.contains("http://localhost:8000"), "{script}");
    let script =
        script.replace("http://localhost:8000", &format!("http://{}", operator.trainer.address));

    let output = Command::new("sh").args(["-eu", "-c", &script]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> = Deserializer::from_str(&printed)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("not all of it is JSON: {error}: {printed}"));
    let (refusal, answers) = answers.split_last().expect("the tour prints something");
    for answer in answers {
        assert!(answer["status"].is_null() || answer["status"].is_string(), "a refusal: {answer}");
    }
    assert!(
        answers.iter().any(|answer| answer["status"] == "completed"),
        "a completed workout: {printed}"
    );
    assert!(
        answers.iter().any(|answer| answer["pace"].is_string()),
        "a run with its pace: {printed}"
    );
    assert!(
        answers.iter().any(|answer| answer["completed_workouts"] == 1),
        "the plan's progress: {printed}"
    );
    assert!(answers.iter().any(|answer| answer["total_runs"] == 1), "the summary: {printed}");
    assert!(
        refusal.as_array().is_some_and(|errors| errors.len() > 1),
        "the last one is refused: {printed}"
    );
}
