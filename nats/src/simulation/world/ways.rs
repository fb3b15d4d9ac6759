//! The networks, and what becomes of what is sent over them.

use std::time::Duration;

use event_store::RecordedEvent;
use tokio::sync::oneshot;

use super::super::link::{Ask, Told};
use super::super::weather::Fate;
use super::{ACK_TIMEOUT, FOLLOWERS, Happening, World};

impl World<'_> {
    /// Sends something over a network.
    pub(super) fn post(&mut self, process: usize, ask: Ask, reply: oneshot::Sender<Told>) {
        let now = self.agenda.now();
        let travel = Duration::from_micros(self.chance.between(100, 3_000));
        let back = Duration::from_micros(self.chance.between(100, 3_000));
        // A connection keeps the order; only what is late comes out of it.
        let arrives = self.processes[process].arrives.max(now + travel);
        let after = arrives - now;
        let connections = self.connections;
        let failed = Told::Failed("no answer".to_owned());
        match self.fate() {
            Fate::Arrives => {
                self.processes[process].arrives = arrives;
                let reply = Some((reply, back));
                self.agenda.after(after, Happening::Arrives { process, ask, reply, connections });
            }
            Fate::Lost => {
                self.agenda
                    .after(ACK_TIMEOUT, Happening::Answered { process, reply, told: failed });
            }
            Fate::AnswerLost => {
                self.agenda
                    .after(after, Happening::Arrives { process, ask, reply: None, connections });
                self.agenda
                    .after(ACK_TIMEOUT, Happening::Answered { process, reply, told: failed });
            }
            Fate::Late(delay) => {
                self.agenda
                    .after(delay, Happening::Arrives { process, ask, reply: None, connections });
                self.agenda
                    .after(ACK_TIMEOUT, Happening::Answered { process, reply, told: failed });
            }
            Fate::Twice(delay) => {
                let again = ask.clone();
                self.agenda.after(
                    after + delay,
                    Happening::Arrives { process, ask: again, reply: None, connections },
                );
                let reply = Some((reply, back));
                self.agenda.after(after, Happening::Arrives { process, ask, reply, connections });
            }
        }
    }

    /// Sends a message to all who have a consumer.
    pub(super) fn deliver(&mut self, event: &RecordedEvent) {
        for follower in 0..FOLLOWERS {
            let Some(consumer) = self.following[follower].consumer else { continue };
            let travel = Duration::from_micros(self.chance.between(100, 3_000));
            let delivered =
                || Happening::Delivered { follower, consumer, event: Box::new(event.clone()) };
            match self.fate() {
                Fate::Arrives => self.agenda.after(travel, delivered()),
                Fate::Lost | Fate::AnswerLost => {}
                Fate::Late(delay) => self.agenda.after(delay, delivered()),
                Fate::Twice(delay) => {
                    self.agenda.after(travel, delivered());
                    self.agenda.after(delay, delivered());
                }
            }
        }
    }

    fn fate(&mut self) -> Fate {
        match self.calm_since {
            Some(_) => Fate::Arrives,
            None => self.weather.fate(&mut self.chance),
        }
    }
}
