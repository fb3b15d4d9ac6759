use std::time::Duration;

use super::Tls;

/// The bounds a server keeps, whatever its clients do.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long the head of a request may take to arrive, a TLS handshake may take, and a connection may stay idle.
    pub head_timeout: Duration,
    /// How long a client may take to read on in an answer; then its connection is closed.
    pub read_on_within: Duration,
    /// The largest head of a request.
    pub max_head_bytes: usize,
    /// Requests at once on one connection, in HTTP/2.
    pub max_streams: u32,
    /// How long requests that have begun may take to end when the server stops.
    pub grace: Duration,
    /// With what the server proves who it is; without, connections are not encrypted.
    pub tls: Option<Tls>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            max_connections: 8_192,
            head_timeout: Duration::from_secs(30),
            read_on_within: Duration::from_secs(60),
            max_head_bytes: 32 * 1024,
            max_streams: 100,
            grace: Duration::from_secs(10),
            tls: None,
        }
    }
}
