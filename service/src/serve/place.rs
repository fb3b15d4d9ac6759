use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

/// A connection's place among those that a server has at once, free when the last clone is dropped.
///
/// Whoever takes a connection over, as for a WebSocket, finds it among the request's extensions and keeps it.
#[derive(Debug, Clone)]
pub struct ConnectionPlace {
    _permit: Arc<OwnedSemaphorePermit>,
}

impl ConnectionPlace {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self { _permit: Arc::new(permit) }
    }
}
