//! `trainer events export` and `trainer events import`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::files::{PLAN, RUNS};
use crate::operator::{Operator, head, must_fail, must_succeed};
use crate::program::{Ask, Runner, TestFolder, Trainer, output, output_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_folder_shows_what_the_exported_one_does() {
    let original = Operator::new();
    let folder = &original.folder;
    let email = original.account();
    let plan = folder.write("plan.yaml", PLAN);
    folder.prints(&[
        "import",
        "plan",
        &plan,
        "--race-date",
        "2027-04-25",
        "--user",
        &email,
        "--activate",
    ]);
    let gone = Runner::register(original.trainer.address).await;
    let mut client = gone.client(original.trainer.address);
    let run =
        json!({ "actual_date": Utc::now().date_naive(), "distance_km": 8, "duration_minutes": 40 });
    client.send(&Ask::post("/api/v1/runs", run)).await.unwrap().must_be(201);
    let runs = folder.write("runs.json", RUNS);
    folder.prints(&["import", "runs", &runs, "--user", &email]);
    client.send(&Ask::delete("/api/v1/auth/me")).await.unwrap().must_be(204);
    until_erased(folder).await;

    let export = folder.file("events.jsonl");
    let path = export.to_str().unwrap();
    must_succeed(folder.run(&["events", "export", "--output", path]));
    let exported = fs::read_to_string(&export).unwrap();
    assert_eq!(export.metadata().unwrap().permissions().mode() & 0o777, 0o600, "health data");
    assert_eq!(exported, folder.prints(&["events", "export"]), "standard output");
    let last = head(folder);
    let events = folder.prints(&["events", "tail", "-n", "100000"]);
    let count = events.lines().count();
    assert!(count < last.unsigned_abs() as usize, "somebody was erased");
    assert_eq!(exported, format!("{events}{}", end(count, last)), "how much it is, at the end");
    // A part of them has the events only.
    assert_eq!(
        positions(&folder.prints(&["events", "export", "--from", "3", "--to", "6"])),
        [4, 5, 6]
    );

    // A first start of the copy, with a trainer that runs already.
    let copy = Operator::new();
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    let copied = PgPool::connect(&copy.folder.urls().await.database_url).await.unwrap();
    take_accounts_along(&pool, &copied).await;
    let printed = copy.folder.prints(&["events", "import", path]);
    assert!(printed.contains(&format!("the last one at position {last}")), "{printed}");

    for list in ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs"] {
        let shown = copy.list(&email, list).await;
        assert!(!shown.is_empty(), "{list}");
        assert_eq!(shown, original.list(&email, list).await, "{list}");
    }
    assert_eq!(copy.folder.prints(&["events", "export"]), exported);
    until_published(&copy.folder, count).await;
    let findings = copy.folder.prints(&["doctor"]);
    assert!(findings.contains(&format!("positions: 1 to {last}")), "{findings}");
    // It goes on as any other.
    copy.folder.prints(&["import", "runs", &runs, "--user", &email]);
    assert_eq!(head(&copy.folder), last, "the ids of what was imported are there");

    let message = must_fail(copy.folder.run(&["events", "import", path]));
    assert!(message.contains(&format!("has events up to position {last}")), "{message}");
    assert_eq!(copy.folder.prints(&["events", "export"]), exported);
    for pool in [pool, copied] {
        pool.close().await;
    }
    // The same once more as Parquet.
    let parquet = folder.file("events.parquet");
    let path = parquet.to_str().unwrap();
    must_succeed(folder.run(&["events", "export", "--format", "parquet", "--output", path]));
    let copy_of_parquet = TestFolder::new();
    copy_of_parquet.prints(&["events", "import", path]);
    assert_eq!(copy_of_parquet.prints(&["events", "export"]), exported);
    let message = must_fail(copy_of_parquet.run(&["events", "import", path]));
    assert!(message.contains(&format!("has events up to position {last}")), "{message}");
    original.trainer.stop();
    copy.trainer.stop();
}

/// Each command starts the servers and stops them again.
#[test]
fn a_bad_line_is_named_and_nothing_is_stored() {
    let original = TestFolder::new();
    let (email, runs) = ("ann@example.org", original.write("runs.json", RUNS));
    must_succeed(crate::operator::create_account(
        &original,
        &["--email", email],
        crate::program::PASSWORD,
    ));
    original.prints(&["import", "runs", &runs, "--user", email]);
    let good = original.prints(&["events", "export"]);
    let [first, second, last] = good.lines().collect::<Vec<_>>()[..] else { panic!("{good}") };

    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    for (file, said) in [
        (format!("{first}\n{}", &second[..second.len() / 2]), "line 2 is not an event: EOF"),
        (format!("{first}\n\n{second}\n"), "line 2 is not an event: EOF"),
        (format!("{second}\n{}", end(1, 2)), "line 1: positions 1 to 1 are missing"),
        (format!("{first}\n{second}\n"), "does not say at its end that all of it is there"),
        (
            format!("{first}\n{last}\n"),
            "it had 2 events up to position 2 when it was written, and has 1 up to position 1",
        ),
        (format!("{first}\n{last}\n{second}\n"), "line 3 is not an event: it comes behind the end"),
        (format!("{good}\n"), "line 4 is not an event: it comes behind the end"),
        (good[..good.len() - 3].to_owned(), "line 3 is not an event: it is not the end"),
        (format!("{first}\n{first}\n"), "line 2: position 1 cannot come behind position 1"),
        (good.replacen("run.recorded", "run.flown", 3), "line 1: unknown event type run.flown"),
        (format!("{first}\nnothing\n"), "line 2 is not an event: expected ident, at column 2"),
    ] {
        let path = folder.write("events.jsonl", &file);
        let message = must_fail(folder.run(&["events", "import", &path]));
        assert!(message.contains(&format!("{path} is not imported")), "{message}");
        assert!(message.contains(said), "{message}");
    }
    assert_eq!((head(&folder), folder.prints(&["events", "export"])), (0, end(0, 0)));
    let cut = folder.file("cut.parquet");
    let path = cut.to_str().unwrap();
    must_succeed(
        original.run(&["events", "export", "--format", "parquet", "--from", "1", "-o", path]),
    );
    let message = must_fail(folder.run(&["events", "import", path]));
    assert!(message.contains("does not say at its end that all of it is there"), "{message}");
    let message = must_fail(folder.run(&["events", "import", "--without-end", path]));
    assert!(message.contains("row 1: positions 1 to 1 are missing"), "{message}");
    let whole = fs::read(&cut).unwrap();
    fs::write(&cut, &whole[..whole.len() - 9]).unwrap();
    let message = must_fail(folder.run(&["events", "import", path]));
    assert!(message.contains(&format!("{path} cannot be read")), "{message}");
    let message = must_fail(folder.run(&["events", "import", "/nowhere/events.jsonl"]));
    assert!(message.contains("/nowhere/events.jsonl cannot be read"), "{message}");

    // From standard input, and without a newline at the end.
    let mut import = folder.command(&["events", "import", "-"]);
    import.stdin(fs::File::open(folder.write("events.jsonl", good.trim_end())).unwrap());
    assert!(must_succeed(output(&mut import)).starts_with("2 events imported"));
    assert_eq!(folder.prints(&["events", "export"]), good);
    trainer.stop();

    // As an older version has written it.
    let folder = TestFolder::new();
    let path = folder.write("events.jsonl", format!("{first}\n{second}\n"));
    folder.prints(&["events", "import", "--without-end", &path]);
    assert_eq!(folder.prints(&["events", "export"]), good);
}

#[test]
fn an_export_that_cannot_be_written_leaves_no_file() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let runs = folder.write("runs.json", RUNS);
    folder.prints(&["import", "runs", &runs, "--user", &email]);
    let message = must_fail(folder.run(&["events", "export", "--output", "/nowhere/events"]));
    assert!(message.contains("/nowhere/events cannot be written"), "{message}");

    // Half of an export that says nothing of it would be worse than none.
    let mut command = folder.command(&["events", "export"]);
    command
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .stderr(Stdio::piped());
    let ended = output_of(command.spawn().unwrap());
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("No space left"), "{ended:?}");
    must_succeed(folder.run(&["events", "export", "--output", "/dev/null"]));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());

    // Who looks at the first lines only has seen what they wanted.
    let mut tail = folder.command(&["events", "tail"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let tail = tail.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    assert!(output_of(tail).status.success());
}

/// Accounts are no part of an export: they come as they would with a dump.
async fn take_accounts_along(from: &PgPool, to: &PgPool) {
    let users: Value = sqlx::query_scalar("select jsonb_agg(to_jsonb(u)) from auth.users u")
        .fetch_one(from)
        .await
        .unwrap();
    sqlx::query(
        "insert into auth.users select * from jsonb_populate_recordset(null::auth.users, $1)",
    )
    .bind(users)
    .execute(to)
    .await
    .unwrap();
}

async fn until_erased(folder: &TestFolder) {
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    eventually("the erasure", async || {
        sqlx::query_scalar("select bool_and(completed_at is not null) from es.erasures")
            .fetch_one(&pool)
            .await
            .unwrap()
    })
    .await;
    pool.close().await;
}

async fn until_published(folder: &TestFolder, messages: usize) {
    let client = nats::connect(&folder.urls().await.nats_url, "test").await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream(nats::STREAM).await.unwrap();
    eventually("publication", async || {
        stream.get_info().await.unwrap().state.messages == messages as u64
    })
    .await;
}

async fn eventually(what: &str, happened: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !happened().await {
        assert!(began.elapsed() < Duration::from_secs(120), "{what} does not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The last line of an export with so many events.
fn end(events: usize, head: i64) -> String {
    format!("{{\"end\":{{\"events\":{events},\"head\":{head}}}}}\n")
}

fn positions(exported: &str) -> Vec<i64> {
    let position =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["position"].as_i64().unwrap();
    exported.lines().map(position).collect()
}
