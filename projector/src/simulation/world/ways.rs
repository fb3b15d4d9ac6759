//! The networks, and what becomes of what is sent over them.

use std::time::Duration;

use event_store::RecordedEvent;
use tokio::sync::oneshot;

use super::super::link::{Call, Question};
use super::super::weather::Fate;
use super::{Happening, World};

/// How long somebody waits for messages that do not come.
const SILENCE: Duration = Duration::from_secs(1);

impl World<'_> {
    pub(super) fn go_on_in(&mut self, process: usize, life: u64) {
        if self.processes[process].life == life {
            self.go_on(process);
        }
    }

    /// Lets a process do what it can, and sends what it asks for on its way.
    pub(super) fn go_on(&mut self, process: usize) {
        let mut has_heard = true;
        while std::mem::take(&mut has_heard) {
            let now = self.agenda.now();
            self.processes[process].go_on(now);
            for call in self.processes[process].link.take(now) {
                has_heard |= self.send(process, call);
            }
        }
    }

    /// Sends what a process wants on its way; whether it is answered already.
    fn send(&mut self, process: usize, call: Call) -> bool {
        let life = self.processes[process].life;
        match call {
            Call::Ask { question, again, give_up } => self.post(process, question, again, give_up),
            Call::End(session) => {
                let noticed = self.way();
                self.agenda.after(noticed, Happening::Ends(session));
            }
            Call::Pause(how_long, sleeper) => {
                self.agenda.after(how_long, Happening::Wakes { process, life, sleeper });
            }
            Call::Open(reply) => {
                let there = self.way();
                let is_lost = self.chance.percent(self.weather.messages_lost);
                let reply = Some(reply).filter(|_| !is_lost);
                self.agenda.after(there, Happening::Opens { process, life, reply });
            }
            Call::Close => self.mailboxes[process].close(),
            Call::Listen(reply) => {
                let mailbox = &mut self.mailboxes[process];
                if mailbox.listen(reply) {
                    return true;
                }
                let wait = mailbox.waits;
                self.agenda.after(SILENCE, Happening::Silence { process, wait });
            }
        }
        false
    }

    /// Sends something to Postgres.
    fn post(
        &mut self,
        process: usize,
        question: Question,
        again: Option<Question>,
        give_up: oneshot::Sender<()>,
    ) {
        let life = self.processes[process].life;
        let there = self.way();
        let arrives =
            |question, is_answered| Happening::Arrives { process, life, question, is_answered };
        match self.weather.fate(&mut self.chance, again.is_some()) {
            Fate::Arrives => self.agenda.after(there, arrives(Some(question), true)),
            Fate::Lost => self.agenda.after(there, arrives(None, false)),
            Fate::AnswerLost => self.agenda.after(there, arrives(Some(question), false)),
            Fate::Late { noticed_after, after } => {
                self.note(|| format!("what {process} asks for comes {after:?} late"));
                self.agenda.after(after, arrives(Some(question), false));
                self.agenda.after(noticed_after, Happening::GivesUp { process, life, give_up });
            }
            Fate::Twice(later) => {
                self.agenda.after(there, arrives(Some(question), true));
                self.agenda.after(there + later, arrives(again, false));
            }
        }
    }

    /// Sends an event to all who have a consumer.
    pub(super) fn deliver(&mut self, event: &RecordedEvent) {
        for process in 0..self.mailboxes.len() {
            let Some(consumer) = self.mailboxes[process].consumer else { continue };
            for way in self.weather.deliveries(&mut self.chance) {
                let event = Box::new(event.clone());
                self.agenda.after(way, Happening::Delivered { process, consumer, event });
            }
        }
    }

    pub(super) fn way(&mut self) -> Duration {
        let slow = self.chance.percent(self.weather.slow);
        let ms =
            if slow { *self.chance.pick(&[100, 900, 5_000]) } else { self.chance.between(1, 5) };
        Duration::from_millis(ms)
    }
}
