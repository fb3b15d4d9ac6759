//! Ports on 127.0.0.1: which are free, and which were used last.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::EmbeddedError;

/// Below the ports that Linux and macOS give to outgoing connections. A client that keeps trying to
/// reach a stopped server on one of those can meet itself there, and then the port is gone.
const CHOICE: std::ops::Range<u16> = 20_000..32_000;

/// The ports of the last start, if any.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) postgres: Option<u16>,
    pub(crate) nats: Option<u16>,
}

impl Ports {
    /// What is written in the file; nothing when it is missing or unreadable, as ports can be
    /// chosen anew.
    pub(crate) fn read(path: &Path) -> Self {
        fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    pub(crate) fn write(self, path: &Path) -> Result<(), EmbeddedError> {
        let bytes = serde_json::to_vec(&self).map_err(io::Error::from);
        let unfinished = path.with_extension("unfinished");
        bytes
            .and_then(|bytes| fs::write(&unfinished, bytes))
            .and_then(|()| fs::rename(&unfinished, path))
            .map_err(EmbeddedError::file("write", path))
    }
}

/// Whether a server could listen there.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A port that is free now.
pub(crate) fn choose() -> Result<u16, EmbeddedError> {
    let mut random = rand::rng();
    for _ in 0..1_000 {
        let port = random.random_range(CHOICE);
        if is_free(port) {
            return Ok(port);
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(EmbeddedError::file("find a free port on", "127.0.0.1"))
}
