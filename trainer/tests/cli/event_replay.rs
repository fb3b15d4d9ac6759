//! `trainer events replay`.

use std::fs;
use std::time::{Duration, Instant};

use async_nats::{ConnectOptions, ServerAddr, Subscriber};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::files::RUNS;
use crate::operator::{Operator, must_fail, must_succeed};
use crate::program::output;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_hears_again_what_it_has_missed() {
    let operator = Operator::new();
    let folder = &operator.folder;
    let runs = folder.write("runs.json", RUNS);
    let owners: Vec<String> = (0..2).map(|_| operator.account()).collect();
    for email in &owners {
        folder.prints(&["import", "runs", &runs, "--user", email]);
    }
    let url = fs::read_to_string(folder.file("data/nats-subscriber.url")).unwrap();
    let mut heard = listen(&url, "trainer.replay.mine").await;
    let replay = |more: &[&str]| {
        let mut command =
            folder.command(&["events", "replay", "--to-subject", "trainer.replay.mine"]);
        command.args(more);
        output(&mut command)
    };

    let said = must_succeed(replay(&["--from", "1", "--to", "3"]));
    assert!(
        said.starts_with("2 events up to position 3 published on trainer.replay.mine"),
        "{said}"
    );
    assert_eq!(positions(&mut heard, 2).await, [2, 3]);

    let owner = operator.see(&owners[1], "/api/v1/auth/me").await["user_id"].clone();
    let began = Instant::now();
    must_succeed(replay(&["--from", "0", "--owner", owner.as_str().unwrap(), "--rate", "2"]));
    assert!(began.elapsed() >= Duration::from_millis(500), "the second one waits half a second");
    assert_eq!(positions(&mut heard, 2).await, [3, 4]);

    for (subject, said) in [
        ("trainer.events.07.run.recorded", "subjects below trainer.events are the trainer's own"),
        ("trainer.checkpoints.runs", "subjects below trainer.checkpoints are the trainer's own"),
        ("$JS.API.STREAM.PURGE.TRAINER_EVENTS", "subjects that begin with $"),
        ("trainer.replay.*", "without spaces and wildcards"),
    ] {
        let message =
            must_fail(folder.run(&["events", "replay", "--from", "0", "--to-subject", subject]));
        assert!(message.contains(said), "{subject}: {message}");
    }

    let client = nats::connect(&folder.urls().await.nats_url, "test").await.unwrap();
    let mine = async_nats::jetstream::stream::Config {
        name: "MINE".to_owned(),
        subjects: vec!["trainer.replay.mine".to_owned()],
        ..Default::default()
    };
    async_nats::jetstream::new(client).create_stream(mine).await.unwrap();
    let said = must_succeed(replay(&["--from", "1"]));
    assert!(said.ends_with("the stream MINE has taken all of them\n"), "{said}");
    let said = must_succeed(replay(&["--from", "0"]));
    assert!(said.contains("the stream MINE has taken 1 of them, and dropped 3 as"), "{said}");
    let said: Value =
        serde_json::from_str(&must_succeed(replay(&["--from", "0", "--json"]))).unwrap();
    let told = json!({
        "subject": "trainer.replay.mine", "stream": "MINE", "position": 4, "events": 4, "duplicates": 4,
    });
    assert_eq!(said, told);
    operator.trainer.stop();
}

/// As the user for subscribers, who has to ask for an inbox of its own.
async fn listen(url: &str, subject: &'static str) -> Subscriber {
    let address: ServerAddr = url.trim().parse().unwrap();
    let (user, password) = (address.username().unwrap(), address.password().unwrap());
    let client = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        .custom_inbox_prefix("_INBOX.subscriber")
        .connect(address)
        .await
        .unwrap();
    let subscriber = client.subscribe(subject).await.unwrap();
    // What the server answers comes behind the subscription.
    let jetstream = async_nats::jetstream::new(client);
    jetstream.get_stream(nats::STREAM).await.unwrap();
    subscriber
}

async fn positions(heard: &mut Subscriber, count: usize) -> Vec<i64> {
    let mut positions = vec![];
    while positions.len() < count {
        let message = tokio::time::timeout(Duration::from_secs(120), heard.next()).await;
        let headers = message.unwrap().unwrap().headers.unwrap();
        positions.push(headers.get("Trainer-Position").unwrap().as_str().parse().unwrap());
    }
    positions
}
