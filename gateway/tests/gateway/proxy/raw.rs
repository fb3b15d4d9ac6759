//! Bytes as no client library would send them.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends a request line as it is, and returns status and answer.
pub(crate) async fn ask(address: SocketAddr, line: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: door\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), answer)
}

/// What comes until these bytes have come.
pub(crate) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = String::new();
    let mut piece = [0; 4_096];
    while !read.contains(end) {
        let length = stream.read(&mut piece).await.unwrap();
        assert!(length > 0, "it ends after {read:?}");
        read.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
    read
}
