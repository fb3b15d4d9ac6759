use chrono::{SecondsFormat, Utc};
use domain::{OwnerId, Part};
use event_store::CommandContext;
use nats::{STREAM, StreamSettings, ensure_stream};
use uuid::Uuid;

use crate::published::header;
use crate::recording::Record;
use crate::scene::Scene;

#[tokio::test]
async fn every_event_is_published_once_and_in_order() {
    let scene = Scene::new().await;
    // More than one batch is there before the relay, and more comes while it runs.
    scene.record(1_500).await;
    let relay = scene.relay();
    for _ in 0..10 {
        scene.record(30).await;
    }

    scene.assert_all_published_once().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_goes_on_where_the_stream_ends() {
    let scene = Scene::new().await;
    for round in 0..4 {
        let relay = scene.relay();
        scene.record(40).await;
        if round % 2 == 0 {
            scene.all_published().await;
        }
        relay.stop().await;
        // One part only: the next relay must know where the others stand.
        for _ in 0..3 {
            scene.record_one(OwnerId(Uuid::from_u128(1))).await;
        }
    }

    let relay = scene.relay();
    scene.assert_all_published_once().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_message_is_a_cloud_event_in_binary_mode() {
    let scene = Scene::new().await;
    let owner = OwnerId(Uuid::now_v7());
    let context = CommandContext {
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        ..CommandContext::new(owner, "test")
    };
    scene.store.execute(&context, &Record { owner, metres: 8_000 }).await.unwrap();
    scene.record_one(owner).await;
    let relay = scene.relay();
    scene.all_published().await;

    let [first, second] = scene.messages().await.try_into().unwrap();
    let [event, _] = scene.events().await.try_into().unwrap();
    assert_eq!(first.subject.as_str(), format!("trainer.events.{}.run.recorded", Part::of(owner)));
    assert_eq!(first.payload, event.payload);
    let expected = [
        ("ce-specversion", "1.0"),
        ("ce-id", &event.event_id.to_string()),
        ("ce-source", "/run"),
        ("ce-type", "run.recorded"),
        ("ce-subject", &event.aggregate_id.to_string()),
        ("ce-time", &event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        ("ce-datacontenttype", "application/json"),
        ("Nats-Msg-Id", &event.event_id.to_string()),
        ("Trainer-Position", "1"),
        ("Trainer-Previous-Position", "0"),
        ("Trainer-Part", &Part::of(owner).to_string()),
        ("Trainer-Owner", &owner.to_string()),
        ("Trainer-Sequence", "1"),
        ("Trainer-Event-Version", "1"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    for (name, value) in expected {
        assert_eq!(header(&first.headers, name), Some(value), "{name}");
    }
    assert_eq!(header(&second.headers, "Trainer-Previous-Position"), Some("1"));
    assert_eq!(header(&second.headers, "traceparent"), None);
    assert!((Utc::now() - event.recorded_at).num_seconds() < 60);
    relay.stop().await;
}

#[tokio::test]
async fn an_empty_stream_begins_with_the_events_that_its_retention_covers() {
    let scene = Scene::new().await;
    scene.record(50).await;
    sqlx::raw_sql(
        "update es.events set recorded_at = recorded_at - interval '20 days' where position <= 30",
    )
    .execute(&scene.pool)
    .await
    .unwrap();

    let relay = scene.relay();
    scene.all_published().await;

    let messages = scene.messages().await;
    let positions: Vec<_> = messages.iter().filter_map(crate::published::position).collect();
    assert_eq!(positions, (31..=50).collect::<Vec<_>>());
    // Who reads one part sees that something came before.
    let events = scene.events().await;
    for (message, event) in messages.iter().zip(&events[30..]) {
        let earlier = events.iter().take_while(|earlier| earlier.position < event.position);
        let previous = earlier
            .filter(|earlier| earlier.part == event.part)
            .last()
            .map_or(0, |event| event.position);
        assert_eq!(
            header(&message.headers, "Trainer-Previous-Position"),
            Some(previous.to_string().as_str())
        );
    }
    relay.stop().await;
}

#[tokio::test]
async fn the_settings_of_a_stream_that_is_there_are_brought_up_to_date() {
    let scene = Scene::new().await;
    for days in [14, 3] {
        let retention = std::time::Duration::from_secs(days * 24 * 3600);
        ensure_stream(&scene.jetstream, &StreamSettings { retention, ..StreamSettings::default() })
            .await
            .unwrap();
        let stream = scene.jetstream.get_stream(STREAM).await.unwrap();
        assert_eq!(stream.cached_info().config.max_age, retention);
    }
}

#[tokio::test]
async fn a_retention_of_a_minute_is_possible() {
    let scene = Scene::new().await;
    let retention = std::time::Duration::from_secs(60);
    ensure_stream(&scene.jetstream, &StreamSettings { retention, ..StreamSettings::default() })
        .await
        .unwrap();
}
