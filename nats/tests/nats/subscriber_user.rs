//! What the user for subscribers may do, on the private server and on one with `nats/server.conf`.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, OrderedPushConsumer, pull, push};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use embedded::testing;
use futures::{StreamExt, TryStreamExt};
use nats::{STREAM, StreamSettings, connect, ensure_stream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::own_server::OwnServer;
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
    let mut subscriber = Subscriber::connect(subscriber_url).await;

    reads_in_every_way(&subscriber.jetstream).await;
    let before = stream.get_info().await.unwrap();
    subscriber.is_refused_what_changes_something().await;
    subscriber.is_refused_what_others_hear().await;
    subscriber.hears_what_is_published_again(&trainer).await;
    cannot_misuse_a_consumer(&subscriber.jetstream).await;
    let after = stream.get_info().await.unwrap();
    assert_eq!((after.config, after.created), (before.config, before.created));
    assert_eq!(after.state.messages, 2);
    assert_eq!(after.state.last_sequence, 2);
    let streams: Vec<String> = trainer.stream_names().try_collect().await.unwrap();
    assert_eq!(streams, [STREAM]);
}

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

struct Subscriber {
    client: Client,
    jetstream: Context,
    refusals: mpsc::UnboundedReceiver<String>,
}

impl Subscriber {
    async fn connect(url: &str) -> Self {
        let (sender, refusals) = mpsc::unbounded_channel();
        let address: ServerAddr = url.parse().unwrap();
        let (user, password) = (address.username().unwrap(), address.password().unwrap());
        let client = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
            .custom_inbox_prefix("_INBOX.subscriber")
            .event_callback(move |event| {
                let sender = sender.clone();
                async move {
                    if let Event::ServerError(error) = event {
                        let _closed = sender.send(error.to_string().to_lowercase());
                    }
                }
            })
            .connect(address)
            .await
            .unwrap();
        Self { jetstream: jetstream::new(client.clone()), client, refusals }
    }

    async fn is_refused_what_changes_something(&mut self) {
        for subject in [
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
        ] {
            self.client.publish(subject, "".into()).await.unwrap();
            self.assert_refused("publish", subject).await;
        }
    }

    async fn is_refused_what_others_hear(&mut self) {
        for subject in [
            ">",
            "_INBOX.>",
            "$JS.>",
            "$JS.API.>",
            "trainer.>",
            "trainer.hints.appended",
            "trainer.checkpoints.*",
        ] {
            let _subscription = self.client.subscribe(subject).await.unwrap();
            self.assert_refused("subscription", subject).await;
        }
    }

    async fn hears_what_is_published_again(&mut self, trainer: &Context) {
        let mut replay = self.client.subscribe("trainer.replay.mine").await.unwrap();
        // Its answer comes behind the server's knowledge of the subscription.
        self.jetstream.get_stream(STREAM).await.unwrap();
        trainer.client().publish("trainer.replay.mine", "again".into()).await.unwrap();
        let heard = timeout(PATIENCE, replay.next()).await.unwrap().unwrap();
        assert_eq!(heard.payload, "again");
        self.client.publish("trainer.replay.mine", "".into()).await.unwrap();
        self.assert_refused("publish", "trainer.replay.mine").await;
    }

    async fn assert_refused(&mut self, what: &str, subject: &str) {
        let said = timeout(PATIENCE, self.refusals.recv()).await;
        let Ok(Some(said)) = said else { panic!("{what} to {subject} was not refused") };
        let expected =
            format!("permissions violation for {what} to \"{}\"", subject.to_lowercase());
        assert!(said.contains(&expected), "{subject}: {said}");
    }
}

/// A consumer sends wherever it is told to, whatever its maker may publish: neither into the stream nor
/// to the server's own commands.
async fn cannot_misuse_a_consumer(jetstream: &Context) {
    let stream = jetstream.get_stream(STREAM).await.unwrap();
    let to = |deliver_subject: &str| push::Config {
        deliver_subject: deliver_subject.to_owned(),
        ack_policy: AckPolicy::None,
        ..push::Config::default()
    };
    let refused = stream.create_consumer(to("trainer.events.09.run.recorded")).await;
    assert!(refused.unwrap_err().to_string().contains("cycle"));
    for command in ["STREAM.PURGE.TRAINER_EVENTS", "STREAM.DELETE.TRAINER_EVENTS"] {
        for headers_only in [false, true] {
            let config = push::Config { headers_only, ..to(&format!("$JS.API.{command}")) };
            // Whether the server takes such a consumer or not, it must have no effect.
            let _taken = stream.create_consumer(config).await;
        }
    }
    sleep(Duration::from_millis(500)).await;
}
