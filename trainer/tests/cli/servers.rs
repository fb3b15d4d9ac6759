//! Which servers the program uses, and what it says when it cannot.

use std::net::TcpListener;
use std::thread::sleep;
use std::time::{Duration, Instant};

use embedded::testing::shared;
use serde_json::Value;

use crate::operator::{Operator, must_fail, must_succeed};
use crate::program::{TestFolder, output};

#[test]
fn missing_programs_are_named_once_with_how_to_get_them() {
    let folder = TestFolder::new();
    for command in [
        &["up"][..],
        &["serve", "relay"],
        &["migrate"],
        &["projections", "list"],
        &["events", "tail"],
    ] {
        let mut command = folder.command(command);
        let nowhere = [
            ("PATH", ""),
            ("TRAINER_PG_BIN", "/nowhere/bin"),
            ("TRAINER_NATS_SERVER", "/nowhere/nats-server"),
        ];
        let message = must_fail(output(command.envs(nowhere)));
        for said in [
            "not in /nowhere/bin",
            "/nowhere/nats-server",
            "sudo apt-get install postgresql nats-server",
        ] {
            assert_eq!(message.matches(said).count(), 1, "{command:?}: {message}");
        }
    }
}

#[test]
fn one_server_alone_is_not_enough() {
    let folder = TestFolder::new();
    for (given, url, missing) in [
        ("DATABASE_URL", "postgres://trainer:tell-nobody@127.0.0.1:1/trainer", "NATS_URL is not"),
        ("NATS_URL", "nats://trainer:tell-nobody@127.0.0.1:1", "DATABASE_URL is not"),
    ] {
        let message = must_fail(output(folder.command(&["up"]).env(given, url)));
        assert!(message.contains(given) && message.contains(missing), "{message}");
        assert!(!message.contains("tell-nobody"), "{message}");
    }
    folder.assert_nothing_is_left();
}

#[test]
fn a_database_that_does_not_answer_is_said_without_its_password() {
    let nats_url = "nats://127.0.0.1:1";
    for (database_url, said) in [
        ("postgres://trainer:tell-nobody@127.0.0.1:1/trainer", "Postgres does not answer"),
        ("mysql://trainer:tell-nobody@127.0.0.1:1/trainer", "DATABASE_URL"),
    ] {
        let folder =
            TestFolder::with_environment(&[("DATABASE_URL", database_url), ("NATS_URL", nats_url)]);
        let message = must_fail(folder.run(&["migrate"]));
        assert!(message.contains(said), "{message}");
        assert!(!message.contains("tell-nobody"), "{message}");
    }
}

#[test]
fn a_taken_port_is_named_and_nothing_is_left_running() {
    let folder = TestFolder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for command in [&["up"][..], &["serve", "query-api"]] {
        let message = must_fail(folder.run(&[command, &["--port", &port]].concat()));
        assert!(message.contains(&port), "{message}");
        folder.assert_nothing_is_left();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_may_be_run_again_and_again_and_by_many_at_once() {
    let database_url = shared().database().await;
    let nats_url = shared().nats_account();
    let folder =
        TestFolder::with_environment(&[("DATABASE_URL", &database_url), ("NATS_URL", &nats_url)]);
    let at_once: Vec<_> = (0..4).map(|_| folder.command(&["migrate"]).spawn().unwrap()).collect();
    for mut migrate in at_once {
        assert!(migrate.wait().unwrap().success());
    }
    must_succeed(folder.run(&["migrate"]));
    let list: Value =
        serde_json::from_str(&folder.prints(&["projections", "list", "--json"])).unwrap();
    assert_eq!((list["head"].as_i64(), list["items"].as_array().unwrap().len()), (Some(0), 3));
    assert!(
        !folder.file("data/postgres").exists(),
        "servers of its own were made although some were named"
    );
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_running_trainer() {
    // One of its own: what others do with the shared one is none of its business.
    let operator = Operator::new();
    let began = Instant::now();
    let findings = loop {
        let doctor = operator.folder.run(&["doctor"]);
        let findings = String::from_utf8(doctor.stdout).unwrap();
        if doctor.status.success() && findings.contains("projection plans") {
            break findings;
        }
        // The relay makes the stream a moment after the start.
        let is_early = |line: &str| line.starts_with("ok ") || line.starts_with("WRONG stream:");
        assert!(findings.lines().all(is_early), "{findings}");
        assert!(began.elapsed() < Duration::from_secs(60), "{findings}");
        sleep(Duration::from_millis(100));
    };
    assert!(findings.lines().all(|line| line.starts_with("ok ")), "{findings}");
    for subject in [
        "programs",
        "migrations",
        "fsync: on",
        "synchronous_commit: on",
        "positions",
        "projection plans",
        "stream",
    ] {
        assert!(findings.contains(subject), "{subject}: {findings}");
    }
    operator.trainer.stop();
}

#[test]
fn the_doctor_says_what_is_wrong_and_fails() {
    let folder = TestFolder::with_environment(&[
        ("DATABASE_URL", "postgres://trainer:tell-nobody@127.0.0.1:1/trainer"),
        ("NATS_URL", "nats://127.0.0.1:1"),
    ]);
    let output = folder.run(&["doctor"]);
    let findings = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(findings.contains("WRONG servers: Postgres does not answer"), "{findings}");
    assert!(!findings.contains("tell-nobody"), "{findings}");
}
