//! `trainer events`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use chrono::Utc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::operator::{Operator, must_fail};
use crate::program::{Ask, Client, Runner, output_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_shown_as_they_lie_and_as_they_come() {
    let operator = Operator::new();
    let folder = &operator.folder;
    assert_eq!(folder.prints(&["events", "tail"]), "");
    let runner = Runner::register(operator.trainer.address).await;
    let mut client = runner.client(operator.trainer.address);
    let first = record_run(&mut client).await;
    for _ in 2..=5 {
        record_run(&mut client).await;
    }

    assert_eq!(positions(&folder.prints(&["events", "tail"])), [1, 2, 3, 4, 5]);
    assert_eq!(positions(&folder.prints(&["events", "tail", "-n", "2"])), [4, 5]);
    assert_eq!(positions(&folder.prints(&["events", "tail", "-n", "0"])), Vec::<i64>::new());
    assert_eq!(positions(&folder.prints(&["events", "tail", "--from", "3"])), [4, 5]);

    let shown = &lines(&folder.prints(&["events", "show", "1"]))[0];
    assert_eq!(shown["position"], 1);
    assert!(
        shown.to_string().contains("run.recorded") && shown.to_string().contains(&first),
        "{shown}"
    );
    client
        .send(&Ask::patch(format!("/api/v1/runs/{first}"), json!({ "notes": "windy" })))
        .await
        .unwrap()
        .must_be(200);
    let history = folder.prints(&["events", "show", &first]);
    assert_eq!(positions(&history), [1, 6], "the run's own");
    for (what, said) in [
        ("7", "there is no event at position 7"),
        ("0", "there is no event at position 0"),
        ("-1", "-1"),
        ("99999999999999999999", "neither a position nor an id"),
        ("today", "today is neither a position nor an id"),
        ("00000000-0000-7000-8000-000000000000", "there is no plan, run or PDF with the id"),
    ] {
        let message = must_fail(folder.run(&["events", "show", what]));
        assert!(message.contains(said), "{what}: {message}");
    }

    let mut follow = folder
        .command(&["events", "tail", "-n", "1", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(follow.stdout.take().unwrap());
    assert_eq!(next(&mut printed)["position"], 6);
    record_run(&mut client).await;
    assert_eq!(next(&mut printed)["position"], 7);
    kill(Pid::from_raw(follow.id().cast_signed()), Signal::SIGINT).unwrap();
    let ended = output_of(follow).status;
    assert!(ended.success(), "Ctrl-C is how one ends it: {ended}");
    operator.trainer.stop();
}

async fn record_run(client: &mut Client) -> String {
    let run =
        json!({ "actual_date": Utc::now().date_naive(), "distance_km": 8, "duration_minutes": 40 });
    let run = client.send(&Ask::post("/api/v1/runs", run)).await.unwrap().must_be(201).json();
    run["id"].as_str().unwrap().to_owned()
}

fn next(printed: &mut impl BufRead) -> Value {
    let mut line = String::new();
    printed.read_line(&mut line).unwrap();
    lines(&line).remove(0)
}

fn positions(printed: &str) -> Vec<i64> {
    lines(printed).iter().map(|event| event["position"].as_i64().unwrap()).collect()
}

#[track_caller]
fn lines(printed: &str) -> Vec<Value> {
    printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}
