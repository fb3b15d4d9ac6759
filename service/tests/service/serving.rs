//! The server over real connections: slow clients, too many clients, the end.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use service::{JsonBody, ServeOptions, enveloped, serve_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
    /// Is told of each request that its handler has begun with.
    begun: Arc<Notify>,
}

async fn start(options: ServeOptions) -> Server {
    let begun = Arc::new(Notify::new());
    let (slow, endless) = (Arc::clone(&begun), Arc::clone(&begun));
    let router = enveloped(
        Router::new()
            .route(
                "/client",
                get(async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.to_string()),
            )
            .route("/body", post(async |_: JsonBody| "taken"))
            .route(
                "/slow",
                get(async move || {
                    slow.notify_one();
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }),
            )
            .route(
                "/endless",
                get(async move || {
                    endless.notify_one();
                    pending::<()>().await;
                }),
            ),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(serve_with(listener, router, shutdown.clone(), options));
    Server { address, shutdown, running, begun }
}

impl Server {
    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("sent");
        stream
    }

    /// Everything the server says until it closes the connection.
    async fn answer(&self, request: &str) -> String {
        rest(self.send(request).await).await
    }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut answer = vec![];
    // A reset after the answer is an end too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_handler_knows_its_client() {
    let server = start(ServeOptions::default()).await;
    let answer =
        server.answer("GET /client HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("127.0.0.1:"), "{answer}");
}

#[tokio::test]
async fn who_sends_no_head_is_cut_off() {
    let server =
        start(ServeOptions { head_timeout: Duration::from_millis(300), ..ServeOptions::default() })
            .await;
    for beginning in ["", "G", "GET / HTTP/1.1\r\nhost: x\r\n", "PRI * H"] {
        let began = Instant::now();
        server.answer(beginning).await;
        let elapsed = began.elapsed();
        assert!(
            (Duration::from_millis(200)..Duration::from_secs(15)).contains(&elapsed),
            "{beginning:?} {elapsed:?}"
        );
    }
}

#[tokio::test]
async fn a_head_has_a_limit() {
    let server = start(ServeOptions::default()).await;
    let huge =
        format!("GET /client HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n", "x".repeat(100_000));
    let answer = server.answer(&huge).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn who_sends_too_much_gets_to_read_why() {
    let server = start(ServeOptions::default()).await;
    let body = "x".repeat(12_000_000);
    let announced = format!(
        "POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = server.answer(&announced).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload-too-large"), "{answer}");

    let in_pieces = format!(
        "POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let answer = server.answer(&in_pieces).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn who_asks_first_is_told_without_sending() {
    let server = start(ServeOptions::default()).await;
    let asking = "POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 5000000\r\n\r\n";
    let answer = tokio::time::timeout(Duration::from_secs(20), server.answer(asking)).await;
    let answer = answer.expect("an answer, though no body comes");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn more_clients_than_allowed_wait_their_turn() {
    let server = start(ServeOptions { max_connections: 2, ..ServeOptions::default() }).await;
    let (first, second) = (server.send("").await, server.send("").await);
    let third = server.send("GET /client HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut waiting = tokio::spawn(rest(third));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut waiting).await.is_err());
    drop(first);
    let answer = waiting.await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(second);
}

#[tokio::test]
async fn requests_that_have_begun_end_before_the_server_does() {
    let server = start(ServeOptions::default()).await;
    // They are accepted in this order.
    let idle = server.send("").await;
    let slow = server.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.begun.notified().await;
    server.shutdown.cancel();
    let answer = rest(slow).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    tokio::time::timeout(Duration::from_secs(20), server.running)
        .await
        .expect("an end")
        .expect("no panic");
    assert!(TcpStream::connect(server.address).await.is_err());
    assert_eq!(rest(idle).await, "");
}

#[tokio::test]
async fn a_request_that_does_not_end_is_not_waited_for_without_end() {
    let options = ServeOptions { grace: Duration::from_millis(100), ..ServeOptions::default() };
    let server = start(options).await;
    let endless = server.send("GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.begun.notified().await;
    server.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), server.running)
        .await
        .expect("an end")
        .expect("no panic");
    drop(endless);
}
