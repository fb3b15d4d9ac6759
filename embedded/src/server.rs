//! What Postgres and nats-server have in common: they are found, started, watched and ended in the
//! same way.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use nix::sys::signal::Signal;

use crate::{EmbeddedError, ports, process::Process, watchdog::Watchdog};

/// A server of one of the two kinds, on one port.
pub(crate) trait Server: Send + Sync + 'static {
    /// What people call it.
    const NAME: &'static str;
    /// What to send to end it, and how long to wait after each.
    const ENDING: &'static [(Signal, Duration)];

    /// The process that runs on our data now, if any.
    fn find(&self) -> Option<Process>;
    /// The port of that process.
    fn running_port(&self) -> Option<u16>;
    fn set_port(&mut self, port: u16);
    fn port(&self) -> u16;
    /// Starts the process. It is not ready yet.
    fn spawn(&self) -> impl Future<Output = Result<Process, EmbeddedError>> + Send;
    /// Waits until it serves, as long as it is alive.
    fn ready(&self, process: Process) -> impl Future<Output = Result<(), EmbeddedError>> + Send;
    /// Whether it answers and yet does not do what it is there for, so that only a new start helps.
    fn is_stuck(&self) -> impl Future<Output = bool> + Send {
        async { false }
    }
    /// Every process that belongs to the server, so that all of them can be killed.
    fn family(&self, process: Process) -> Vec<Process> {
        vec![process]
    }
    /// Keeps the logs small.
    fn tidy(&self);
}

/// A server that this process starts, stops and watches.
pub(crate) struct Kept<S> {
    server: S,
    watchdog: Option<Arc<Watchdog>>,
    process: Mutex<Option<Process>>,
    wanted: AtomicBool,
    /// One start or stop at a time. It belongs to no runtime: tests share servers between many.
    turn: tokio::sync::Mutex<()>,
}

impl<S: Server> Kept<S> {
    /// Takes over the server that runs on our data, or starts it: on the configured port, else on
    /// that of the last start, else on a free one.
    pub(crate) async fn bring_up(
        server: S,
        watchdog: Option<Arc<Watchdog>>,
        configured: Option<u16>,
        mut last: Option<u16>,
        remember: impl Fn(u16) -> Result<(), EmbeddedError>,
    ) -> Result<Self, EmbeddedError> {
        let mut kept = Self {
            server,
            watchdog,
            process: Mutex::new(None),
            wanted: AtomicBool::new(true),
            turn: tokio::sync::Mutex::new(()),
        };
        if let Some(port) = kept.server.running_port() {
            kept.server.set_port(configured.unwrap_or(port));
            if kept.take_over().await? {
                remember(port)?;
                return Ok(kept);
            }
        }
        let mut attempts_left = 5;
        loop {
            attempts_left -= 1;
            let port = match configured {
                Some(port) if !ports::is_free(port) => {
                    return Err(EmbeddedError::PortTaken { server: S::NAME, port });
                }
                Some(port) => port,
                None => match last.take().filter(|port| ports::is_free(*port)) {
                    Some(port) => port,
                    None => ports::choose()?,
                },
            };
            kept.server.set_port(port);
            remember(port)?;
            match kept.start_in_turn().await {
                Ok(()) => return Ok(kept),
                // Another program was faster to take the port.
                Err(EmbeddedError::DiedAtStart { .. })
                    if configured.is_none() && attempts_left > 0 && !ports::is_free(port) => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn server(&self) -> &S {
        &self.server
    }

    /// The process, while it is alive.
    pub(crate) fn process(&self) -> Option<Process> {
        let mut process = self.slot();
        *process = process.filter(|process| process.is_alive());
        *process
    }

    fn slot(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this is the process that is looked after, stopped at the end and watched.
    fn note(&self, process: Option<Process>) {
        *self.slot() = process;
        if let Some(watchdog) = &self.watchdog {
            watchdog.watch(S::NAME, process);
        }
    }

    /// Whether it should run but does not.
    pub(crate) fn has_died(&self) -> bool {
        self.wanted.load(Ordering::SeqCst) && self.process().is_none()
    }

    /// Starts it on its port, unless it runs.
    pub(crate) async fn start(&self) -> Result<(), EmbeddedError> {
        let _turn = self.turn.lock().await;
        self.wanted.store(true, Ordering::SeqCst);
        self.start_in_turn().await
    }

    /// Starts it again when it has died; nothing when somebody stopped it meanwhile.
    pub(crate) async fn restart(&self) -> Result<(), EmbeddedError> {
        let _turn = self.turn.lock().await;
        if self.has_died() { self.start_in_turn().await } else { Ok(()) }
    }

    /// Ends it although it should run, so that it is started again.
    pub(crate) async fn end_stuck(&self) -> Result<(), EmbeddedError> {
        let _turn = self.turn.lock().await;
        match self.process() {
            Some(process) if self.wanted.load(Ordering::SeqCst) => end::<S>(process).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Starts it and waits until it serves. One that does not get ready is ended, and so is one
    /// that nobody waits for any longer.
    async fn start_in_turn(&self) -> Result<(), EmbeddedError> {
        // Two servers on the same data would ruin it.
        if self.process().is_some() || self.take_over().await? {
            return Ok(());
        }
        let process = self.server.spawn().await?;
        self.note(Some(process));
        let unless_ready = EndOnDrop(Some(process));
        self.server.ready(process).await?;
        unless_ready.keep();
        let port = self.server.port();
        tracing::info!(
            server = S::NAME,
            port,
            process.pid = process.id(),
            "private server started"
        );
        Ok(())
    }

    /// Takes over the process that runs on our data, if there is one and it serves on our port. On
    /// another port it is ended.
    async fn take_over(&self) -> Result<bool, EmbeddedError> {
        let Some(process) = self.server.find() else { return Ok(false) };
        let port = self.server.port();
        if self.server.running_port() != Some(port) {
            end::<S>(process).await?;
            return Ok(false);
        }
        match self.server.ready(process).await {
            Ok(()) => {
                self.note(Some(process));
                let pid = process.id();
                tracing::info!(
                    server = S::NAME,
                    port,
                    process.pid = pid,
                    "private server taken over"
                );
                Ok(true)
            }
            // It was about to end.
            Err(EmbeddedError::DiedAtStart { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends it in order, unless it is down.
    pub(crate) async fn stop(&self) -> Result<(), EmbeddedError> {
        let _turn = self.turn.lock().await;
        self.wanted.store(false, Ordering::SeqCst);
        if let Some(process) = self.process() {
            end::<S>(process).await?;
        }
        self.note(None);
        Ok(())
    }

    /// Ends it as a power failure would.
    pub(crate) async fn kill(&self) -> Result<(), EmbeddedError> {
        let _turn = self.turn.lock().await;
        self.wanted.store(false, Ordering::SeqCst);
        if let Some(process) = self.process() {
            let family = self.server.family(process);
            // The parent first: it would notice the death of a child and clean up.
            process.signal(Signal::SIGKILL);
            for member in &family {
                member.signal(Signal::SIGKILL);
            }
            for member in family {
                if !member.wait_gone(Duration::from_secs(10)).await {
                    return Err(EmbeddedError::DoesNotEnd {
                        server: S::NAME,
                        pid: member.pid().as_raw(),
                    });
                }
            }
        }
        self.note(None);
        Ok(())
    }
}

/// Asks a process to end in order, then less and less politely.
async fn end<S: Server>(process: Process) -> Result<(), EmbeddedError> {
    for (signal, at_most) in S::ENDING {
        process.signal(*signal);
        if process.wait_gone(*at_most).await {
            tracing::info!(server = S::NAME, process.pid = process.id(), "private server stopped");
            return Ok(());
        }
        tracing::warn!(server = S::NAME, process.pid = process.id(), %signal, "private server does not end");
    }
    Err(EmbeddedError::DoesNotEnd { server: S::NAME, pid: process.pid().as_raw() })
}

/// Ends a process unless it is kept: for a start that fails or is given up halfway.
pub(crate) struct EndOnDrop(pub(crate) Option<Process>);

impl EndOnDrop {
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(process) = self.0 {
            // Postgres drops its sessions and shuts down, nats-server shuts down.
            process.signal(Signal::SIGINT);
        }
    }
}
