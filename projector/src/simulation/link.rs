//! The ways from a process to the rows and to JetStream.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_store::RecordedEvent;
use tokio::sync::oneshot;

use super::rows::{Rows, Session};
use crate::ProjectorError;

/// What is done with the rows; what comes of it is the answer on its way back.
pub(super) type Question = Box<dyn FnOnce(&mut Rows) -> Answer + Send>;

/// Arrives when it is called, and is lost when it is dropped.
pub(super) type Answer = Box<dyn FnOnce() + Send>;

/// Messages that have come, and whether more may.
pub(super) type Heard = (Vec<RecordedEvent>, bool);

/// What a process wants.
pub(super) enum Call {
    Ask {
        question: Question,
        /// The same once more, when it is one that may come twice.
        again: Option<Question>,
        /// Lets the process wait no longer.
        give_up: oneshot::Sender<()>,
    },
    Pause(Duration, oneshot::Sender<()>),
    /// A connection ends; sooner or later the server notices.
    End(Session),
    /// Messages are to come from now on.
    Open(oneshot::Sender<()>),
    Close,
    Listen(oneshot::Sender<Heard>),
}

/// A process's way to everything else.
#[derive(Clone, Default)]
pub(super) struct Link {
    wires: Arc<Mutex<Wires>>,
}

#[derive(Default)]
struct Wires {
    calls: Vec<Call>,
    now: Duration,
    sessions: u64,
}

impl Link {
    /// Asks for something that the rows answer, unless it is lost on the way there or back, or comes too late.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Rows) -> Result<T, ProjectorError> + Send + 'static,
    ) -> Result<T, ProjectorError> {
        self.wait_for(question, None).await
    }

    /// Asks for a step of a checkpoint: the fence lets it through once, however often it comes.
    pub(super) async fn ask_fence(
        &self,
        step: impl FnOnce(&mut Rows) -> Result<(), ProjectorError> + Clone + Send + 'static,
    ) -> Result<(), ProjectorError> {
        let once_more = step.clone();
        let again: Question = Box::new(move |rows| {
            let _fenced = once_more(rows);
            Box::new(|| {})
        });
        self.wait_for(step, Some(again)).await
    }

    async fn wait_for<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Rows) -> Result<T, ProjectorError> + Send + 'static,
        again: Option<Question>,
    ) -> Result<T, ProjectorError> {
        let (sender, receiver) = oneshot::channel();
        let (give_up, too_late) = oneshot::channel();
        let question: Question = Box::new(move |rows| {
            let answer = question(rows);
            Box::new(move || {
                let _dead = sender.send(answer);
            })
        });
        self.call(Call::Ask { question, again, give_up });
        let lost = || ProjectorError::Database(std::io::Error::other("lost").into());
        tokio::select! {
            biased;
            answer = receiver => answer.unwrap_or_else(|_lost| Err(lost())),
            Ok(()) = too_late => Err(lost()),
        }
    }

    /// Opens another connection.
    pub(super) fn session(&self, process: usize, life: u64) -> Session {
        let mut wires = self.wires.lock().unwrap();
        wires.sessions += 1;
        Session { process, life, number: wires.sessions }
    }

    /// Ends a connection.
    pub(super) fn end(&self, session: Session) {
        self.call(Call::End(session));
    }

    pub(super) async fn pause(&self, how_long: Duration) {
        let (sender, receiver) = oneshot::channel();
        self.call(Call::Pause(how_long, sender));
        let _dead = receiver.await;
    }

    /// Lets messages come; whether they do.
    pub(super) async fn open(&self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.call(Call::Open(sender));
        receiver.await.is_ok()
    }

    pub(super) fn close(&self) {
        self.call(Call::Close);
    }

    /// Waits for messages.
    pub(super) async fn listen(&self) -> Heard {
        let (sender, receiver) = oneshot::channel();
        self.call(Call::Listen(sender));
        receiver.await.unwrap_or_default()
    }

    fn call(&self, call: Call) {
        self.wires.lock().unwrap().calls.push(call);
    }

    /// What the process has wanted since.
    pub(super) fn take(&self, now: Duration) -> Vec<Call> {
        let mut wires = self.wires.lock().unwrap();
        wires.now = now;
        std::mem::take(&mut wires.calls)
    }

    pub(super) fn set_clock(&self, now: Duration) {
        self.wires.lock().unwrap().now = now;
    }

    pub(super) fn now(&self) -> Duration {
        self.wires.lock().unwrap().now
    }
}
