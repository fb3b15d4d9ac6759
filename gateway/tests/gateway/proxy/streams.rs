//! Bodies that take their time, or are large, both ways.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::house::{ANSWERS_WITHIN, House};
use super::raw::read_until;
use super::role::Role;

#[tokio::test]
async fn each_event_comes_when_it_happens_however_long_that_takes() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(b"GET /api/v1/events HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
    for _ in 0..3 {
        role.pieces.add_permits(1);
        read_until(&mut stream, "data: ran\n\n").await;
    }
    // An answer that has begun is not cut off.
    tokio::time::sleep(ANSWERS_WITHIN + Duration::from_millis(300)).await;
    role.pieces.add_permits(1);
    read_until(&mut stream, "data: ran\n\n").await;
    assert_eq!(house.health().await, [("closed".to_owned(), true)]);

    // Who stops listening is noticed by the role, which else would hold on to it for ever.
    drop(stream);
    running.stop().await;
}

#[tokio::test]
async fn large_bodies_pass_through() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::patient(&[running.address]).await;
    assert_eq!(house.get("/api/v1/file").await.must_be(200).body.len(), 3_000_000);
    for size in [1, 200_000, 262_144, 262_145, 9_999_999] {
        let sent =
            house.send(Method::PUT, "/api/v1/file", &[], vec![b'x'; size]).await.must_be(200);
        let announced = Some(size.to_string());
        assert_eq!(sent.text(), format!("{size} of {announced:?}"));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_its_length_or_without() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::patient(&[running.address]).await;
    let large = Bytes::from(vec![b'x'; 10_000_001]);
    house.send(Method::PUT, "/api/v1/file", &[], large.clone()).await.must_be(413);
    assert_eq!(role.asked(), 0, "nobody needs to be asked");

    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = b"PUT /api/v1/file HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head).await.unwrap();
    stream.write_all(format!("{:x}\r\n", large.len()).as_bytes()).await.unwrap();
    // The answer may come before all of it is sent.
    let _ = stream.write_all(&large).await;
    let _ = stream.write_all(b"\r\n0\r\n\r\n").await;
    let mut answer = vec![];
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(house.health().await[0].0, "closed", "that is not the role's fault");
}

#[tokio::test]
async fn who_hangs_up_in_the_middle_of_a_body_breaks_nothing() {
    let running = Role::new("one").start().await;
    let house = House::blindfolded(&[running.address]).await;
    for _ in 0..6 {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let head = b"PUT /api/v1/file HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nxxxx";
        stream.write_all(head).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(stream);
    }
    house.get("/api/v1/plans/1").await.must_be(200);
    assert_eq!(house.health().await[0].0, "closed");
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "GZIP"] {
        let headers = [("content-encoding", encoding), ("content-type", "application/json")];
        let answer = house.send(Method::POST, "/api/v1/plans", &headers, "x").await.must_be(415);
        assert_eq!(answer.header("accept-encoding"), Some("identity"), "{encoding}");
        assert_eq!(answer.json()["status"], 415, "{encoding}");
    }
    assert_eq!(role.asked(), 0);
    let plain = [("content-encoding", "identity")];
    house.send(Method::POST, "/api/v1/plans", &plain, "{}").await.must_be(201);
}
