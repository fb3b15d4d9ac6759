use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request};
use chrono::{DateTime, SecondsFormat, Utc};
use http::{Method, StatusCode, Version};
use serde::Serialize;

use super::writer::Writer;
use super::{AccessLog, AccessNotes};

/// What the access log says of a request: written when the answer has been sent, or nobody waits for it any more.
pub(crate) struct Line {
    writer: Arc<Writer>,
    notes: AccessNotes,
    time: DateTime<Utc>,
    began: Instant,
    request_id: Arc<str>,
    neighbour: Option<IpAddr>,
    method: &'static str,
    route: Arc<str>,
    protocol: Version,
    status: Option<StatusCode>,
    bytes: usize,
    complete: bool,
}

/// One line. What it is called and means is told in docs/OPERATIONS.md.
#[derive(Serialize)]
struct Written<'a> {
    time: String,
    request_id: &'a str,
    client: Option<IpAddr>,
    user_id: Option<uuid::Uuid>,
    api_key_id: Option<uuid::Uuid>,
    method: &'a str,
    route: &'a str,
    protocol: &'static str,
    status: Option<u16>,
    bytes: usize,
    duration_ms: f64,
    complete: bool,
    upstream: Option<&'a str>,
    attempts: Option<usize>,
}

impl Line {
    /// Begins one for a request that has come, unless none is written. Those who find something out about it find its
    /// notes among its extensions.
    pub(crate) fn begin(
        log: &AccessLog,
        request: &mut Request,
        request_id: &Arc<str>,
        method: &'static str,
        route: &str,
    ) -> Option<Self> {
        let writer = Arc::clone(log.writer()?);
        let notes = AccessNotes::default();
        let neighbour = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let neighbour = neighbour.map(|ConnectInfo(neighbour)| neighbour.ip());
        request.extensions_mut().insert(notes.clone());
        Some(Self {
            writer,
            notes,
            time: Utc::now(),
            began: Instant::now(),
            request_id: Arc::clone(request_id),
            neighbour,
            method,
            route: route.into(),
            protocol: request.version(),
            status: None,
            bytes: 0,
            complete: false,
        })
    }

    /// The head of the answer is there.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
        // The answer to it has no body, whatever its head says.
        self.complete = self.method == Method::HEAD.as_str();
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub(super) fn ended(&mut self) {
        self.complete = true;
    }

    fn written(&self) -> Written<'_> {
        let noted = self.notes.noted();
        let client = noted.client.get().copied().or(self.neighbour);
        let answered_by = noted.answered_by.get();
        Written {
            time: self.time.to_rfc3339_opts(SecondsFormat::Millis, true),
            request_id: &self.request_id,
            client: client.map(|address| address.to_canonical()),
            user_id: noted.user_id.get().copied(),
            api_key_id: noted.api_key_id.get().copied(),
            method: self.method,
            route: &self.route,
            protocol: protocol(self.protocol),
            status: self.status.map(|status| status.as_u16()),
            bytes: self.bytes,
            duration_ms: (self.began.elapsed().as_secs_f64() * 1e6).round() / 1e3,
            complete: self.complete,
            upstream: answered_by.map(|(upstream, _)| upstream.as_str()),
            attempts: answered_by.map(|(_, attempts)| *attempts),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        match serde_json::to_vec(&self.written()) {
            Ok(mut line) => {
                line.push(b'\n');
                self.writer.write(line);
            }
            Err(error) => tracing::error!(%error, "access log line not made"),
        }
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}
