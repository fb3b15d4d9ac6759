use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::Doors;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    body: Option<Value>,
    headers: Vec<(&'static str, String)>,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), body: None, headers: vec![] }
    }

    pub(crate) fn post(path: impl Into<String>, body: impl Into<Option<Value>>) -> Self {
        Self { method: "POST", body: body.into(), ..Self::get(path) }
    }

    pub(crate) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self { method: "PATCH", ..Self::post(path, body) }
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self { method: "DELETE", ..Self::get(path) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|(name, _)| *name == header)
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        self.headers.iter().try_for_each(|(name, value)| write!(f, " {name}: {value}"))?;
        self.body.iter().try_for_each(|body| write!(f, " {body}"))
    }
}

/// No whole answer came: nobody knows what became of the request.
#[derive(Debug, thiserror::Error)]
#[error("no answer: {0}")]
pub(crate) struct Lost(pub(crate) String);

/// One connection at a time to each part of the program, kept open, with the token of an account.
pub(crate) struct Client {
    doors: Doors,
    token: String,
    connections: HashMap<SocketAddr, SendRequest<Full<Bytes>>>,
}

impl Client {
    pub(crate) fn new(doors: impl Into<Doors>, token: &str) -> Self {
        Self { doors: doors.into(), token: token.to_owned(), connections: HashMap::new() }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&mut self, ask: &Ask) -> Result<Answer, Lost> {
        match tokio::time::timeout(PATIENCE, self.exchange(ask)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Lost(error.to_string())),
            Err(_elapsed) => Err(Lost(format!("{} {} took too long", ask.method, ask.path))),
        }
    }

    async fn exchange(
        &mut self,
        ask: &Ask,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let address = self.doors.of(ask);
        let mut request = Request::builder()
            .method(ask.method)
            .uri(&ask.path)
            .header("host", address.to_string());
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let body = match &ask.body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        // Only a connection that has given a whole answer is used again.
        let mut connection = match self.connections.remove(&address) {
            Some(connection) if !connection.is_closed() => connection,
            Some(_) | None => connect(address).await?,
        };
        connection.ready().await?;
        let (head, body) =
            connection.send_request(request.body(Full::new(body))?).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        self.connections.insert(address, connection);
        let asked = format!("{} {}", ask.method, ask.path);
        Ok(Answer { asked, status: head.status, headers: head.headers, body })
    }
}

async fn connect(
    address: SocketAddr,
) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    headers: HeaderMap,
    asked: String,
}

impl Answer {
    /// Passes an answer with this status on.
    #[track_caller]
    pub(crate) fn must_be(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, String::from_utf8_lossy(&self.body));
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}", self.asked))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How many events there were with this write.
    #[track_caller]
    pub(crate) fn position(&self) -> i64 {
        self.header("trainer-position")
            .unwrap_or_else(|| panic!("{}: no position", self.asked))
            .parse()
            .unwrap()
    }
}
