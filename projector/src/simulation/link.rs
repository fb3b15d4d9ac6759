//! The way from a process to the rows.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::rows::{Rows, Session};
use crate::ProjectorError;

/// What is done with the rows; what comes of it is the answer on its way back.
pub(super) type Question = Box<dyn FnOnce(&mut Rows) -> Answer>;

/// Arrives when it is called, and is lost when it is dropped.
pub(super) type Answer = Box<dyn FnOnce()>;

/// What a process wants.
pub(super) enum Call {
    Ask(Question),
    Pause(Duration, oneshot::Sender<()>),
    /// A connection ends; sooner or later the server notices.
    End(Session),
}

/// A process's way to everything else.
#[derive(Clone, Default)]
pub(super) struct Link {
    wires: Rc<RefCell<Wires>>,
}

#[derive(Default)]
struct Wires {
    calls: Vec<Call>,
    now: Duration,
    sessions: u64,
}

impl Link {
    /// Asks for something that the rows answer, unless it is lost on the way there or back.
    pub(super) async fn ask<T: 'static>(
        &self,
        question: impl FnOnce(&mut Rows) -> Result<T, ProjectorError> + 'static,
    ) -> Result<T, ProjectorError> {
        let (sender, receiver) = oneshot::channel();
        let question: Question = Box::new(move |rows| {
            let answer = question(rows);
            Box::new(move || {
                let _dead = sender.send(answer);
            })
        });
        self.wires.borrow_mut().calls.push(Call::Ask(question));
        let lost = || ProjectorError::Database(std::io::Error::other("lost").into());
        receiver.await.unwrap_or_else(|_lost| Err(lost()))
    }

    /// Opens another connection.
    pub(super) fn session(&self, process: usize, life: u64) -> Session {
        let mut wires = self.wires.borrow_mut();
        wires.sessions += 1;
        Session { process, life, number: wires.sessions }
    }

    /// Ends a connection.
    pub(super) fn end(&self, session: Session) {
        self.wires.borrow_mut().calls.push(Call::End(session));
    }

    pub(super) async fn pause(&self, how_long: Duration) {
        let (sender, receiver) = oneshot::channel();
        self.wires.borrow_mut().calls.push(Call::Pause(how_long, sender));
        let _dead = receiver.await;
    }

    /// What the process has wanted since.
    pub(super) fn take(&self, now: Duration) -> Vec<Call> {
        let mut wires = self.wires.borrow_mut();
        wires.now = now;
        std::mem::take(&mut wires.calls)
    }

    pub(super) fn set_clock(&self, now: Duration) {
        self.wires.borrow_mut().now = now;
    }

    pub(super) fn now(&self) -> Duration {
        self.wires.borrow().now
    }
}
