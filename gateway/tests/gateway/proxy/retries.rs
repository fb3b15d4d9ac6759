//! What is asked again when no answer comes, and what is not.

use std::sync::atomic::Ordering;

use http::Method;
use tokio::net::TcpListener;

use super::house::House;
use super::role::{Role, dies_with_each_request};

#[tokio::test]
async fn a_read_that_is_not_answered_is_answered_by_another() {
    let (dying, asked) = dies_with_each_request().await;
    let role = Role::new("two");
    let running = role.start().await;
    let house = House::blindfolded(&[dying, running.address]).await;
    for number in 0..20 {
        let answer = house.get(&format!("/api/v1/plans/{number}")).await.must_be(200);
        assert_eq!(answer.json()["role"], "two");
    }
    assert_eq!(role.asked(), 20);
    assert_eq!(asked.load(Ordering::SeqCst), 3, "and the one that dies is left alone then");
}

#[tokio::test]
async fn a_write_is_repeated_only_with_a_key() {
    let (dying, asked) = dies_with_each_request().await;
    let role = Role::new("two");
    let running = role.start().await;
    let house = House::blindfolded(&[dying, running.address]).await;
    let key = [("idempotency-key", "k")];
    for _ in 0..2 {
        let answer =
            house.send(Method::POST, "/api/v1/plans", &key, r#"{"a":1}"#).await.must_be(201);
        let (seen, body) = (answer.json(), r#"{"a":1}"#);
        assert_eq!((seen["role"].as_str(), seen["body"].as_str()), (Some("two"), Some(body)));
    }
    assert!(asked.load(Ordering::SeqCst) > 0, "it was never the other's turn");

    let before = (asked.load(Ordering::SeqCst), role.asked());
    let mut lost = 0;
    for _ in 0..2 {
        let answer = house.send(Method::POST, "/api/v1/plans", &[], "{}").await;
        if answer.status == 503 {
            lost += 1;
            assert!(answer.header("retry-after").is_some());
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("look before"), "{detail}");
        }
    }
    let after = (asked.load(Ordering::SeqCst), role.asked());
    assert!(lost > 0, "it was never the other's turn");
    assert_eq!((after.0 - before.0, after.1 - before.1), (lost, 2 - lost), "each was sent once");
}

#[tokio::test]
async fn a_key_that_nobody_heeds_lets_nothing_be_repeated() {
    each_is_sent_once("/api/v1/plans/1", b"{}").await;
}

#[tokio::test]
async fn what_has_reached_nobody_is_sent_to_another_whatever_it_is() {
    // A port that nobody listens on.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let role = Role::new("two");
    let running = role.start().await;
    let house = House::blindfolded(&[nobody, running.address]).await;
    for number in 1..=10 {
        house.send(Method::POST, "/api/v1/plans", &[], "{}").await.must_be(201);
        assert_eq!(role.asked(), number);
    }
}

#[tokio::test]
async fn a_large_body_is_sent_once() {
    each_is_sent_once("/api/v1/file", &[b'x'; 1_000_000]).await;
}

/// Of two writes with a key, one goes to somebody who dies with it, and to nobody else.
async fn each_is_sent_once(path: &str, body: &[u8]) {
    let (dying, asked) = dies_with_each_request().await;
    let role = Role::new("two");
    let running = role.start().await;
    let house = House::blindfolded(&[dying, running.address]).await;
    let key = [("idempotency-key", "k")];
    let mut statuses = vec![];
    for _ in 0..2 {
        let sent = house.send(Method::PUT, path, &key, body.to_vec());
        statuses.push(sent.await.status.as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503]);
    assert_eq!((asked.load(Ordering::SeqCst), role.asked()), (1, 1));
}

#[tokio::test]
async fn a_write_that_somebody_has_got_is_not_said_to_be_undone() {
    let (dying, asked) = dies_with_each_request().await;
    let house = House::blindfolded(&[dying]).await;
    let key = [("idempotency-key", "k")];
    let answer = house.send(Method::POST, "/api/v1/plans", &key, "{}").await.must_be(503);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("may have been carried out"), "{detail}");
    assert!(asked.load(Ordering::SeqCst) > 1, "with a key it was sent again");

    // Nor when another one refuses it after that.
    let (dying, _) = dies_with_each_request().await;
    let role = Role::new("two");
    let running = role.start().await;
    let house = House::blindfolded(&[dying, running.address]).await;
    let mut details = vec![];
    for _ in 0..2 {
        let answer = house.send(Method::POST, "/api/v1/refusal", &key, "{}").await.must_be(503);
        details.push(answer.json()["detail"].as_str().unwrap().to_owned());
    }
    assert!(details.iter().any(|said| said.contains("may have been carried out")), "{details:?}");
    running.stop().await;
}

#[tokio::test]
async fn with_nobody_left_the_answer_comes_at_once_and_says_when_to_come_again() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let house = House::blindfolded(&[nobody]).await;
    for _ in 0..5 {
        let answer = house.get("/api/v1/plans/1").await.must_be(503);
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(answer.json()["type"], "urn:running-trainer:problem:unavailable");
    }
}
