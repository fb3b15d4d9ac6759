//! Clients that ask and do not read what they get, over real connections. With room for one connection, the next client
//! is answered when the one before it has lost its own.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use service::{ServeOptions, serve_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

const LARGE: usize = 20_000_000;
const READ_ON_WITHIN: Duration = Duration::from_millis(600);
/// Longer than a machine that is busy with other things stands still.
const PATIENTLY: Duration = Duration::from_secs(3);

/// A server with room for one connection.
async fn start(read_on_within: Duration) -> SocketAddr {
    let router = Router::new()
        .route("/large", get(async || Bytes::from(vec![b'x'; LARGE])))
        .route("/pieces", get(pieces))
        .route("/", get(async || "here"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let options = ServeOptions { max_connections: 1, read_on_within, ..ServeOptions::default() };
    tokio::spawn(serve_with(listener, router, CancellationToken::new(), options));
    address
}

/// As much, in pieces.
async fn pieces() -> Body {
    let piece = Bytes::from(vec![b'x'; LARGE / 1_000]);
    let pieces =
        futures::stream::iter((0..1_000).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
    Body::from_stream(pieces)
}

/// A connection that takes little at once.
async fn narrow(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(32 * 1024).expect("a size");
    socket.connect(address).await.expect("a connection")
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = narrow(address).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

async fn there_is_room_again(address: SocketAddr) {
    let answered = timeout(Duration::from_secs(30), async {
        let mut answer = String::new();
        ask(address, "/").await.read_to_string(&mut answer).await.expect("an answer");
        answer
    });
    let answer = answered.await.expect("who does not read keeps its place");
    assert!(answer.ends_with("here"), "{answer}");
}

#[tokio::test]
async fn who_does_not_read_on_is_cut_off() {
    let address = start(READ_ON_WITHIN).await;
    for path in ["/large", "/pieces"] {
        let mut unread = ask(address, path).await;
        there_is_room_again(address).await;
        let mut read = vec![];
        let _reset = unread.read_to_end(&mut read).await;
        assert!(read.len() < LARGE, "all of it came");
    }
}

#[tokio::test]
async fn who_reads_a_byte_now_and_then_is_cut_off() {
    let address = start(READ_ON_WITHIN).await;
    let mut trickle = ask(address, "/large").await;
    let reading = tokio::spawn(async move {
        while let Ok(_byte) = trickle.read_u8().await {
            sleep(READ_ON_WITHIN / 4).await;
        }
    });
    there_is_room_again(address).await;
    reading.abort();
}

#[tokio::test]
async fn who_reads_slowly_gets_all_of_it() {
    let address = start(PATIENTLY).await;
    let mut slow = ask(address, "/large").await;
    let (mut read, mut buffer) = (0, vec![0; 256 * 1024]);
    loop {
        let length = slow.read(&mut buffer).await.expect("more");
        if length == 0 {
            break;
        }
        let before = read / 4_000_000;
        read += length;
        // A pause that is not too long, now and then.
        if read / 4_000_000 > before {
            sleep(PATIENTLY / 3).await;
        }
    }
    assert!(read > LARGE, "{read}");
}

#[tokio::test]
async fn who_leaves_no_room_for_an_answer_in_http2_is_cut_off() {
    let address = start(READ_ON_WITHIN).await;
    for path in ["/large", "/pieces"] {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(1_000)
            .initial_connection_window_size(1_000_000)
            .handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/2");
        // What comes is read, and the answers of the server's other questions are sent.
        let connection = tokio::spawn(connection);
        let request = Request::get(format!("http://localhost{path}")).body(Empty::<Bytes>::new());
        let answer = sender.send_request(request.expect("a request")).await.expect("an answer");
        there_is_room_again(address).await;
        assert!(timeout(Duration::from_secs(5), connection).await.is_ok(), "it is still open");
        drop(answer);
    }
}

#[tokio::test]
async fn who_reads_slowly_in_http2_gets_all_of_it() {
    let address = start(PATIENTLY).await;
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(256 * 1024)
        .handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let request = Request::get("http://localhost/large").body(Empty::<Bytes>::new());
    let answer = sender.send_request(request.expect("a request")).await.expect("an answer");
    assert_eq!(answer.headers()["content-length"], LARGE.to_string());
    let (mut read, mut body) = (0, answer.into_body());
    while let Some(frame) = body.frame().await {
        let before = read / 4_000_000;
        read += frame.expect("more").data_ref().map_or(0, Bytes::len);
        if read / 4_000_000 > before {
            sleep(PATIENTLY / 3).await;
        }
    }
    assert_eq!(read, LARGE);
    connection.abort();
}
