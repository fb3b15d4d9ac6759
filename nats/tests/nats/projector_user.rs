//! What the user for processes that project alone may do, on a server with `nats/server.conf`.

use futures::StreamExt;
use nats::{Announcer, CHECKPOINTS, STREAM, connect};
use tokio::time::timeout;

use crate::own_server::OwnServer;
use crate::reader::Reader;
use crate::scene::{PATIENCE, Scene};
use crate::subscriber_user::cannot_misuse_a_consumer;

/// What would change something, or is none of its business.
const REFUSED: [&str; 9] = [
    "trainer.events.07.run.recorded",
    "trainer.hints.appended",
    "$JS.API.STREAM.UPDATE.TRAINER_EVENTS",
    "$JS.API.STREAM.DELETE.TRAINER_EVENTS",
    "$JS.API.STREAM.PURGE.TRAINER_EVENTS",
    "$JS.API.STREAM.MSG.DELETE.TRAINER_EVENTS",
    "$JS.API.CONSUMER.DELETE.TRAINER_EVENTS.mine",
    "$JS.API.CONSUMER.DURABLE.CREATE.TRAINER_EVENTS.mine",
    "_INBOX.somebody.else",
];

#[tokio::test]
async fn a_projector_is_told_by_nats_and_tells_how_far_it_has_come() {
    let server = OwnServer::start().await;
    let scene = Scene::over(server.trainer_url()).await;
    let mut told = scene.client.subscribe(format!("{CHECKPOINTS}.*")).await.unwrap();
    scene.client.flush().await.unwrap();
    let relay = scene.relay();
    scene.record(1).await;
    let projector = connect(&server.projector_url(), "test").await.unwrap();
    let mut received = scene.subscribe_over(projector.clone(), 0, None);
    received.take(1).await;

    scene.assert_told_by_nats(&mut received).await;

    Announcer::new(projector).projected("runs", 0xf0, 1).await;
    let heard = timeout(PATIENCE, told.next()).await.unwrap().unwrap();
    assert_eq!(
        (heard.subject.as_str(), &heard.payload[..]),
        ("trainer.checkpoints.runs", &b"1 f0"[..])
    );
    relay.stop().await;
}

#[tokio::test]
async fn a_projector_changes_nothing() {
    let server = OwnServer::start().await;
    let scene = Scene::over(server.trainer_url()).await;
    let relay = scene.relay();
    scene.record(2).await;
    scene.all_published().await;
    let mut projector = Reader::connect(&server.projector_url(), "_INBOX.projector").await;

    projector.is_refused_to_publish(&REFUSED).await;
    projector.is_refused_to_hear(&[">", "trainer.>", "$JS.>", "_INBOX.>"]).await;
    // Nor has it an answer sent into the stream.
    let ask = "$JS.API.CONSUMER.CREATE.TRAINER_EVENTS";
    let into = "trainer.events.10.run.recorded";
    projector.client.publish_with_reply(ask, into, "{}".into()).await.unwrap();
    // Behind that, on the same connection.
    projector.client.request(ask, "{}".into()).await.unwrap();
    cannot_misuse_a_consumer(&projector.jetstream).await;
    scene.record(1).await;
    scene.all_published().await;

    let stream = scene.jetstream.get_stream(STREAM).await.unwrap();
    assert_eq!(stream.get_info().await.unwrap().state.last_sequence, 3);
    relay.stop().await;
}
