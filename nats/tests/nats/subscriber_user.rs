//! What the user for subscribers may do, on the private server and on one with `nats/server.conf`.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, OrderedPushConsumer, pull, push};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Context};
use embedded::testing;
use futures::{FutureExt, StreamExt, TryStreamExt};
use nats::{STREAM, StreamSettings, connect, ensure_stream};
use tokio::time::{sleep, timeout};

use crate::own_server::OwnServer;
use crate::reader::Reader;
use crate::scene::PATIENCE;

#[tokio::test]
async fn a_subscriber_of_the_private_server_reads_and_changes_nothing() {
    let (trainer_url, subscriber_url) = testing::shared().nats_account_with_subscriber();
    reads_and_changes_nothing(&trainer_url, &subscriber_url).await;
}

#[tokio::test]
async fn a_subscriber_of_a_server_with_our_configuration_reads_and_changes_nothing() {
    let server = OwnServer::start().await;
    reads_and_changes_nothing(&server.trainer_url(), &server.subscriber_url()).await;
}

async fn reads_and_changes_nothing(trainer_url: &str, subscriber_url: &str) {
    let trainer = jetstream::new(connect(trainer_url, "test").await.unwrap());
    let stream = ensure_stream(&trainer, &StreamSettings::default()).await.unwrap();
    for subject in ["trainer.events.07.run.recorded", "trainer.events.08.run.recorded"] {
        let published = trainer.publish(subject, r#"{"type":"run.recorded"}"#.into());
        published.await.unwrap().await.unwrap();
    }
    let mut subscriber = Reader::connect(subscriber_url, "_INBOX.subscriber").await;

    reads_in_every_way(&subscriber.jetstream).await;
    let before = stream.get_info().await.unwrap();
    subscriber.is_refused_to_publish(&CHANGES).await;
    subscriber.is_refused_to_hear(&FOR_OTHERS).await;
    cannot_have_answers_sent_elsewhere(&subscriber, &trainer).await;
    hears_what_is_published_again(&mut subscriber, &trainer).await;
    cannot_misuse_a_consumer(&subscriber.jetstream).await;
    let after = stream.get_info().await.unwrap();
    assert_eq!((after.config, after.created), (before.config, before.created));
    assert_eq!(after.state.messages, 2);
    assert_eq!(after.state.last_sequence, 2);
    let streams: Vec<String> = trainer.stream_names().try_collect().await.unwrap();
    assert_eq!(streams, [STREAM]);
}

/// What a reader must not publish: it would change something, or tell others what is not so.
const CHANGES: [&str; 14] = [
    "trainer.events.07.run.recorded",
    "trainer.hints.appended",
    "trainer.checkpoints.runs",
    "anything.else",
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.TRAINER_EVENTS",
    "$JS.API.STREAM.DELETE.TRAINER_EVENTS",
    "$JS.API.STREAM.PURGE.TRAINER_EVENTS",
    "$JS.API.STREAM.MSG.DELETE.TRAINER_EVENTS",
    "$JS.API.STREAM.SNAPSHOT.TRAINER_EVENTS",
    "$JS.API.STREAM.RESTORE.TRAINER_EVENTS",
    "$JS.API.CONSUMER.DELETE.TRAINER_EVENTS.mine",
    "$JS.API.CONSUMER.CREATE.OTHER",
    "_INBOX.somebody.else",
];

/// What is for others to hear.
const FOR_OTHERS: [&str; 7] = [
    ">",
    "_INBOX.>",
    "$JS.>",
    "$JS.API.>",
    "trainer.>",
    "trainer.hints.appended",
    "trainer.checkpoints.*",
];

async fn reads_in_every_way(jetstream: &Context) {
    let mut stream = jetstream.get_stream(STREAM).await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 2);
    assert_eq!(stream.get_raw_message(2).await.unwrap().sequence, 2);

    let durable = pull::Config {
        durable_name: Some("mine".to_owned()),
        ack_policy: AckPolicy::Explicit,
        ..pull::Config::default()
    };
    assert_eq!(fetch(&stream, durable.clone()).await, [1, 2]);
    assert_eq!(fetch(&stream, durable).await, Vec::<u64>::new(), "they are acknowledged");
    let ephemeral = pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: 2 },
        ack_policy: AckPolicy::None,
        filter_subject: "trainer.events.08.>".to_owned(),
        ..pull::Config::default()
    };
    assert_eq!(fetch(&stream, ephemeral).await, [2]);
    assert_eq!(pushed(jetstream, &stream).await, [1, 2]);
}

/// The sequences that a consumer gives at once.
async fn fetch(stream: &Stream, config: pull::Config) -> Vec<u64> {
    let acknowledges = config.ack_policy == AckPolicy::Explicit;
    let consumer = stream.create_consumer(config).await.unwrap();
    let mut messages = consumer.fetch().max_messages(10).messages().await.unwrap();
    let mut sequences = Vec::new();
    while let Some(message) = messages.next().await {
        let message = message.unwrap();
        sequences.push(message.info().unwrap().stream_sequence);
        if acknowledges {
            message.double_ack().await.unwrap();
        }
    }
    sequences
}

async fn pushed(jetstream: &Context, stream: &Stream) -> Vec<u64> {
    let config = push::OrderedConfig {
        deliver_subject: jetstream.client().new_inbox(),
        ..push::OrderedConfig::default()
    };
    let consumer: OrderedPushConsumer = stream.create_consumer(config).await.unwrap();
    let messages = consumer.messages().await.unwrap().take(2);
    let messages = timeout(PATIENCE, messages.try_collect::<Vec<_>>()).await.unwrap().unwrap();
    messages.iter().map(|message| message.info().unwrap().stream_sequence).collect()
}

/// A user's permissions say what it publishes, not where the server sends the answer: no answer gets into the
/// stream, to the server's own commands, or to the trainer's processes.
async fn cannot_have_answers_sent_elsewhere(subscriber: &Reader, trainer: &Context) {
    let mut heard = trainer.client().subscribe("trainer.>").await.unwrap();
    trainer.get_stream(STREAM).await.unwrap();
    let stream = subscriber.jetstream.get_stream(STREAM).await.unwrap();
    for into in [
        "trainer.events.10.run.recorded",
        "trainer.hints.appended",
        "trainer.checkpoints.runs",
        "$JS.API.STREAM.PURGE.TRAINER_EVENTS",
    ] {
        // One of its own for each, so that there is something to fetch.
        let name = into.replace(['.', '$'], "_");
        let config = pull::Config {
            durable_name: Some(name.clone()),
            ack_policy: AckPolicy::Explicit,
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(config).await.unwrap();
        let mut fetched = consumer.fetch().max_messages(1).messages().await.unwrap();
        let acknowledgement = fetched.next().await.unwrap().unwrap().reply.clone().unwrap();
        let created = format!(
            r#"{{"stream_name":"{STREAM}","config":{{"ack_policy":"none","durable_name":"{name}_2"}}}}"#
        );
        for (asked, payload) in [
            ("$JS.API.INFO", ""),
            ("$JS.API.STREAM.NAMES", ""),
            ("$JS.API.STREAM.INFO.TRAINER_EVENTS", ""),
            ("$JS.API.STREAM.MSG.GET.TRAINER_EVENTS", r#"{"seq":1}"#),
            ("$JS.API.CONSUMER.NAMES.TRAINER_EVENTS", ""),
            ("$JS.API.CONSUMER.LIST.TRAINER_EVENTS", ""),
            (&format!("$JS.API.CONSUMER.INFO.TRAINER_EVENTS.{name}"), ""),
            (&format!("$JS.API.CONSUMER.DURABLE.CREATE.TRAINER_EVENTS.{name}_2"), &created),
            ("$JS.API.CONSUMER.CREATE.TRAINER_EVENTS", "{}"),
            (&format!("$JS.API.CONSUMER.MSG.NEXT.TRAINER_EVENTS.{name}"), ""),
            (&acknowledgement, "+NXT"),
        ] {
            let (asked, payload) = (asked.to_owned(), payload.to_owned().into());
            subscriber.client.publish_with_reply(asked, into, payload).await.unwrap();
        }
    }
    sleep(Duration::from_millis(500)).await;
    assert!(heard.next().now_or_never().is_none(), "an answer reaches the trainer's subjects");
}

async fn hears_what_is_published_again(subscriber: &mut Reader, trainer: &Context) {
    let mut replay = subscriber.client.subscribe("trainer.replay.mine").await.unwrap();
    // Its answer comes behind the server's knowledge of the subscription.
    subscriber.jetstream.get_stream(STREAM).await.unwrap();
    trainer.client().publish("trainer.replay.mine", "again".into()).await.unwrap();
    let heard = timeout(PATIENCE, replay.next()).await.unwrap().unwrap();
    assert_eq!(heard.payload, "again");
    subscriber.is_refused_to_publish(&["trainer.replay.mine"]).await;
}

/// A consumer sends wherever it is told to, whatever its maker may publish: neither into the stream, also when it is
/// told so later, nor to the server's own commands.
pub(crate) async fn cannot_misuse_a_consumer(jetstream: &Context) {
    let stream = jetstream.get_stream_no_info(STREAM).await.unwrap();
    let to = |deliver_subject: &str| push::Config {
        deliver_subject: deliver_subject.to_owned(),
        ack_policy: AckPolicy::None,
        ..push::Config::default()
    };
    let into_the_stream = to("trainer.events.09.run.recorded");
    let refused = stream.create_consumer(into_the_stream.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("cycle"), "{refused:?}");
    let durable =
        |config: push::Config| push::Config { durable_name: Some("pushing".to_owned()), ..config };
    stream.create_consumer(durable(to(&jetstream.client().new_inbox()))).await.unwrap();
    let refused = stream.create_consumer(durable(into_the_stream)).await.unwrap_err();
    assert!(refused.to_string().contains("cycle"), "{refused:?}");
    for command in ["STREAM.PURGE.TRAINER_EVENTS", "STREAM.DELETE.TRAINER_EVENTS"] {
        for headers_only in [false, true] {
            let config = push::Config { headers_only, ..to(&format!("$JS.API.{command}")) };
            // Whether the server takes such a consumer or not, it must have no effect.
            let _taken = stream.create_consumer(config).await;
        }
    }
    sleep(Duration::from_millis(500)).await;
}
