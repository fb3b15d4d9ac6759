//! Connections that become something else.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::house::{House, websocket_key};
use super::raw::read_until;
use super::role::Role;

async fn open(house: &House, upgrade: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let request = format!(
        "GET /api/v1/socket HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: {upgrade}\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: {}\r\n\r\n",
        websocket_key()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_until(&mut stream, "\r\n\r\n").await;
    (stream, head)
}

#[tokio::test]
async fn both_sides_of_a_websocket_hear_each_other() {
    let running = Role::new("one").start().await;
    let house = House::in_front_of(&[running.address]).await;
    let (mut stream, head) = open(&house, "WebSocket").await;
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101"), "{head}");
    for said in ["connection: upgrade", "upgrade: websocket", "sec-websocket-accept: yes"] {
        assert!(head.contains(said), "{head}");
    }
    for word in ["ready", "steady", "go"] {
        stream.write_all(word.as_bytes()).await.unwrap();
        assert_eq!(
            read_until(&mut stream, &word.to_ascii_uppercase()).await,
            word.to_ascii_uppercase()
        );
    }
    // Whoever hangs up is heard on the other side.
    running.stop().await;
    let _ = stream.shutdown().await;
    let mut rest = vec![];
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "it goes on for ever");
}

#[tokio::test]
async fn no_other_protocol_is_let_through() {
    let running = Role::new("one").start().await;
    let house = House::in_front_of(&[running.address]).await;
    for protocol in ["h2c", "tls/1.0", "anything"] {
        let (_, head) = open(&house, protocol).await;
        // The role is asked as if nothing had been said, and takes it for a plain request.
        assert!(!head.starts_with("HTTP/1.1 101"), "{protocol}: {head}");
    }
}

#[tokio::test]
async fn a_role_that_does_not_want_to_says_so() {
    let running = Role::new("one").start().await;
    let house = House::in_front_of(&[running.address]).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let request = b"GET /api/v1/socket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
}
