//! A client that knows nothing of the program but what HTTP says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections to one address, kept open between requests; as many as there are requests at once.
pub(crate) struct Client {
    address: SocketAddr,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::default() }
    }

    /// Sends a request and reads the whole answer. A connection that is dropped without one fails the test.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let path = request.uri().path().to_owned();
        let mut connection = self.connection().await;
        let answer = connection.send_request(request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{path}: no answer: {error}"));
        let (parts, body) = answer.into_parts();
        let body =
            body.collect().await.unwrap_or_else(|error| panic!("{path}: half an answer: {error}"));
        self.idle.lock().unwrap().push(connection);
        Answer {
            path,
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_bytes(),
        }
    }

    async fn connection(&self) -> SendRequest<Full<Bytes>> {
        loop {
            let kept = self.idle.lock().unwrap().pop();
            let Some(mut connection) = kept else { break };
            if connection.ready().await.is_ok() {
                return connection;
            }
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }
}

/// Sends bytes as they are, on a connection of their own, and reads the answer's status and the rest as text.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The program may answer and close before all of it is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), answer)
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What was asked for.
    path: String,
}

impl Answer {
    /// Passes an answer with this status on.
    #[track_caller]
    pub(crate) fn must_be(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.path, self.text());
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The problem that a refusal with this status is explained by, which has everything that the contract promises.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> Value {
        let answer = self.must_be(status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem = answer.json();
        for member in ["type", "title", "detail", "instance", "request_id"] {
            let said = problem[member].as_str().is_some_and(|text| !text.is_empty());
            assert!(said, "no {member}: {problem}");
        }
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"], answer.path.as_str());
        assert_eq!(problem["request_id"], answer.header("x-request-id").unwrap());
        match status {
            401 => assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer")),
            405 => assert!(answer.header("allow").is_some_and(|methods| !methods.is_empty())),
            429 | 503 => {
                assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
            }
            _ => {}
        }
        problem
    }

    /// The fields that a 422 blames, with their codes.
    #[track_caller]
    pub(crate) fn blames(self) -> BTreeMap<String, String> {
        let problem = self.problem(422);
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {problem}"));
        let blamed = errors.iter().map(|error| {
            let said = |member: &str| error[member].as_str().unwrap().to_owned();
            assert!(!said("message").is_empty(), "{error}");
            (said("field"), said("code"))
        });
        blamed.collect()
    }

    /// The version in the `ETag`, which must be the one in the body, if that has one.
    #[track_caller]
    pub(crate) fn version(&self) -> i64 {
        let etag = self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}"));
        let version = etag.trim_matches('"').parse().unwrap();
        assert_eq!(etag, format!("\"{version}\""));
        if !self.body.is_empty() {
            assert_eq!(self.json()["version"], version);
        }
        version
    }

    /// How many events there were with this write.
    #[track_caller]
    pub(crate) fn position(&self) -> u64 {
        self.header("trainer-position")
            .unwrap_or_else(|| panic!("no position: {self:?}"))
            .parse()
            .unwrap()
    }
}
