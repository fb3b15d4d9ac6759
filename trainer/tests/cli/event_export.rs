//! `trainer events export` while others go on.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::{OwnerId, Part};
use event_store::{
    CommandContext, begin_erasure, complete_erasure, remove_events_of, unfinished_erasures,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::files::RUNS;
use crate::operator::Operator;
use crate::program::{TestFolder, Trainer};

/// More than lies between the program and a reader who does not read, by far.
const EVENTS: usize = 40_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_during_an_export_is_not_in_the_rest_of_it_and_it_can_be_imported() {
    let folder = TestFolder::new();
    let (stays, gone) = (OwnerId(Uuid::now_v7()), OwnerId(Uuid::now_v7()));
    let history = folder.write("history.jsonl", history([stays, gone]));
    let trainer = Trainer::up(&folder);
    folder.prints(&["events", "import", &history]);
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();

    let mut command = folder.command(&["events", "export"]);
    let mut export = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut output = BufReader::new(export.stdout.take().unwrap());
    let mut exported = String::new();
    output.read_line(&mut exported).unwrap();
    // It waits for who reads, and holds nothing open.
    let began = Instant::now();
    loop {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
              where query like 'copy (select position%' and (state <> 'idle' or backend_xmin is not null)",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        if open == 0 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "something is kept from being pruned");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    erase(&pool, gone).await;
    output.read_to_string(&mut exported).unwrap();
    assert!(export.wait().unwrap().success());

    let owners = exported.lines().filter_map(|line| {
        serde_json::from_str::<Value>(line).unwrap()["owner_id"].as_str().map(str::to_owned)
    });
    let (gone, stays) = (gone.to_string(), stays.to_string());
    let owners: Vec<String> = owners.collect();
    assert_eq!(owners.iter().filter(|owner| **owner == stays).count(), EVENTS / 2);
    assert!(owners.iter().filter(|owner| **owner == gone).count() < EVENTS / 2);
    assert_eq!(owners.last(), Some(&gone), "the tombstone, behind what was there at the beginning");

    let copy = TestFolder::new();
    let path = copy.write("events.jsonl", &exported);
    let copy_runs = Trainer::up(&copy);
    let printed = copy.prints(&["events", "import", &path]);
    assert!(printed.contains(&format!("the last one at position {}", EVENTS + 1)), "{printed}");
    pool.close().await;
    copy_runs.stop();
    trainer.stop();
}

/// Runs of both by turns, made of one that was recorded.
fn history(owners: [OwnerId; 2]) -> String {
    let operator = Operator::shared();
    let runs = operator.folder.write("runs.json", RUNS);
    operator.folder.prints(&["import", "runs", &runs, "--user", &operator.account()]);
    let events = operator.folder.prints(&["events", "tail", "-n", "1000"]);
    let run = events.lines().find(|line| line.contains("\"run.recorded\"")).unwrap();
    let mut event: Value = serde_json::from_str(run).unwrap();
    let mut lines = String::new();
    for position in 1..=EVENTS {
        let (owner, run_id) = (owners[position % 2], Uuid::now_v7());
        event["position"] = json!(position);
        event["aggregate_id"] = json!(run_id);
        event["event_id"] = json!(Uuid::now_v7());
        event["owner_id"] = json!(owner);
        event["part"] = json!(Part::of(owner).to_string());
        event["data"]["run_id"] = json!(run_id);
        event["data"]["owner_id"] = json!(owner);
        writeln!(lines, "{event}").unwrap();
    }
    writeln!(lines, "{}", json!({ "end": { "events": EVENTS, "head": EVENTS } })).unwrap();
    lines
}

async fn erase(pool: &PgPool, owner: OwnerId) {
    let mut transaction = pool.begin().await.unwrap();
    let erasure =
        begin_erasure(&mut transaction, &CommandContext::new(owner, "test")).await.unwrap();
    transaction.commit().await.unwrap();
    remove_events_of(pool, &erasure).await.unwrap();
    complete_erasure(pool, owner).await.unwrap();
    assert_eq!(unfinished_erasures(pool).await.unwrap(), []);
}
