//! The server over TLS, with certificates that change, and in HTTP/2.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use service::{ServeOptions, Tls, TlsError, Transport, serve_with};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

/// A certificate that trusts itself.
struct Certificate {
    pem: String,
    key_pem: String,
    der: CertificateDer<'static>,
}

fn certificate() -> Certificate {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    Certificate {
        pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        der: certificate.der().clone(),
    }
}

impl Certificate {
    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("key.pem"), &self.key_pem).expect("written");
        std::fs::write(folder.join("cert.pem"), &self.pem).expect("written");
    }
}

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
    /// Is told of each slow request that its handler has begun with.
    begun: Arc<Notify>,
}

async fn start(options: ServeOptions) -> Server {
    let begun = Arc::new(Notify::new());
    let slow = Arc::clone(&begun);
    let router = Router::new()
        .route("/", get(async |Extension(transport): Extension<Transport>| transport.scheme()))
        .route("/drip", get(drip))
        .route(
            "/slow",
            get(async move || {
                slow.notify_one();
                tokio::time::sleep(Duration::from_millis(500)).await;
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(serve_with(listener, router, shutdown.clone(), options));
    Server { address, shutdown, running, begun }
}

/// Ten bytes, one every 200 ms.
async fn drip() -> axum::body::Body {
    let drops = futures::stream::unfold(0, async |number| {
        tokio::time::sleep(Duration::from_millis(200)).await;
        (number < 10).then_some((Ok::<_, std::convert::Infallible>("x"), number + 1))
    });
    axum::body::Body::from_stream(drops)
}

async fn with_tls(folder: &TempDir) -> Server {
    let tls = Tls::from_files(&folder.path().join("cert.pem"), &folder.path().join("key.pem"));
    start(ServeOptions { tls: Some(tls.expect("a certificate")), ..ServeOptions::default() }).await
}

async fn connect(
    server: &Server,
    trusted: &Certificate,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn text(answer: http::Response<hyper::body::Incoming>) -> String {
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(body.to_vec()).expect("text")
}

fn request(path: &str) -> Request<Empty<Bytes>> {
    Request::get(format!("http://localhost{path}"))
        .header("host", "localhost")
        .body(Empty::new())
        .expect("a request")
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let folder = TempDir::new().expect("a folder");
    let certificate = certificate();
    certificate.write(folder.path());
    let server = with_tls(&folder).await;

    let stream = connect(&server, &certificate, "h2").await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let answer = sender.send_request(request("/")).await.expect("an answer");
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(text(answer).await, "https");

    let stream = connect(&server, &certificate, "http/1.1").await.expect("a handshake");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    let answer = sender.send_request(request("/")).await.expect("an answer");
    assert_eq!((answer.version(), text(answer).await), (Version::HTTP_11, "https".to_owned()));

    // Who speaks without TLS is not answered as if there were none.
    let mut plain = TcpStream::connect(server.address).await.expect("a connection");
    plain.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut answer = vec![];
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn a_new_certificate_is_taken_and_one_that_makes_no_sense_is_not() {
    let folder = TempDir::new().expect("a folder");
    let (first, second) = (certificate(), certificate());
    first.write(folder.path());
    let server = with_tls(&folder).await;
    connect(&server, &first, "h2").await.expect("a handshake");
    connect(&server, &second, "h2").await.expect_err("another certificate");

    // A key that is another certificate's, as halfway through a renewal; and half a file.
    std::fs::write(folder.path().join("key.pem"), &second.key_pem).expect("written");
    tokio::time::sleep(Duration::from_secs(3)).await;
    connect(&server, &first, "h2").await.expect("the first goes on");
    std::fs::write(folder.path().join("cert.pem"), &second.pem[..100]).expect("written");
    tokio::time::sleep(Duration::from_secs(3)).await;
    connect(&server, &first, "h2").await.expect("the first goes on");

    second.write(folder.path());
    let taken = tokio::time::timeout(Duration::from_secs(20), async {
        while connect(&server, &second, "h2").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    taken.await.expect("the second is taken");
    connect(&server, &first, "h2").await.expect_err("the first is gone");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_at_the_start() {
    let folder = TempDir::new().expect("a folder");
    let (first, second) = (certificate(), certificate());
    let files = |certificate: &str, key: &str| {
        std::fs::write(folder.path().join("cert.pem"), certificate).expect("written");
        std::fs::write(folder.path().join("key.pem"), key).expect("written");
        Tls::from_files(&folder.path().join("cert.pem"), &folder.path().join("key.pem"))
            .expect_err("not usable")
    };
    assert!(matches!(files(&first.pem, &second.key_pem), TlsError::Unusable(_)));
    assert!(matches!(files("", &first.key_pem), TlsError::NoCertificate(_)));
    let error = files(&first.pem, "not a key");
    assert!(matches!(error, TlsError::Read(..)), "{error}");
    assert!(error.to_string().contains("key.pem"), "{error}");
    let missing = Tls::from_files(Path::new("/nowhere/cert.pem"), Path::new("/nowhere/key.pem"));
    assert!(missing.expect_err("missing").to_string().contains("/nowhere/cert.pem"));
}

#[tokio::test]
async fn who_begins_with_it_is_answered_in_http2_without_tls_too() {
    let server = start(ServeOptions::default()).await;
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let answer = sender.send_request(request("/")).await.expect("an answer");
    assert_eq!((answer.version(), text(answer).await), (Version::HTTP_2, "http".to_owned()));

    // Requests that have begun end before the server does.
    let slow = tokio::spawn(sender.send_request(request("/slow")));
    server.begun.notified().await;
    server.shutdown.cancel();
    assert_eq!(slow.await.expect("a task").expect("an answer").status(), 200);
    tokio::time::timeout(Duration::from_secs(5), server.running)
        .await
        .expect("an end")
        .expect("no panic");
}

#[tokio::test]
async fn an_answer_that_takes_its_time_is_not_taken_for_silence() {
    let head_timeout = Duration::from_secs(1);
    let server = start(ServeOptions { head_timeout, ..ServeOptions::default() }).await;
    let connect = || TcpStream::connect(server.address);
    let stream = connect().await.expect("a connection");
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let answer = sender.send_request(request("/drip")).await.expect("an answer");
    assert_eq!(text(answer).await, "xxxxxxxxxx");

    let stream = connect().await.expect("a connection");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    let answer = sender.send_request(request("/drip")).await.expect("an answer");
    assert_eq!(text(answer).await, "xxxxxxxxxx");
}

#[tokio::test]
async fn who_is_silent_is_cut_off_in_http2_and_before_the_handshake() {
    let folder = TempDir::new().expect("a folder");
    let certificate = certificate();
    certificate.write(folder.path());
    let head_timeout = Duration::from_millis(300);
    let plain = start(ServeOptions { head_timeout, ..ServeOptions::default() }).await;
    let tls = Tls::from_files(&folder.path().join("cert.pem"), &folder.path().join("key.pem"));
    let tls = Some(tls.expect("a certificate"));
    let encrypted = start(ServeOptions { head_timeout, tls, ..ServeOptions::default() }).await;

    let settings: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // The head of a request that never ends: END_HEADERS is missing.
    let half_a_head: &[u8] =
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x01\0\0\0\x01\x82";
    for (server, said) in [
        (&plain, settings),
        (&plain, half_a_head),
        (&encrypted, b""),
        (&encrypted, b"\x16\x03\x01"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.write_all(said).await.expect("sent");
        let mut rest = vec![];
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest));
        assert!(ended.await.is_ok(), "{said:?} keeps a connection for ever");
    }
}
