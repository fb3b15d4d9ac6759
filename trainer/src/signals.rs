//! Being told to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C and the polite kill. A signal that comes while nobody waits is kept for who waits next.
pub(crate) struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Listens from now on; the process no longer dies of these signals by itself.
    ///
    /// # Errors
    /// When the system does not deliver signals.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until the process is told to stop.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping");
    }
}
