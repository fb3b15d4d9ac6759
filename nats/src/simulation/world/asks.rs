//! What processes ask for: at once, or where it arrives.

use std::time::Duration;

use tokio::sync::oneshot;

use super::super::link::{Ask, Told};
use super::{Happening, POLL, RELAYS, World};

impl World<'_> {
    pub(super) fn send(
        &mut self,
        process: usize,
        ask: Ask,
        reply: oneshot::Sender<Told>,
    ) -> Result<(), String> {
        match ask {
            Ask::Pause(time) => {
                // An error has ended its time as the leader, and the lock goes with the connection.
                self.leader.take_if(|leader| *leader == process);
                let told = Told::Done;
                self.agenda.after(time, Happening::Answered { process, reply, told });
            }
            Ask::Close => self.following[process - RELAYS].close(),
            Ask::Listen => {
                let follower = process - RELAYS;
                self.following[follower].listen(reply);
                let wait = self.following[follower].waits;
                self.agenda.after(POLL, Happening::Silence { follower, wait });
            }
            Ask::Interruption => {
                if self.calm_since.is_none() && self.chance.percent(self.weather.interruptions) {
                    let after = Duration::from_micros(self.chance.between(1, 20_000));
                    let told = Told::Done;
                    self.agenda.after(after, Happening::Answered { process, reply, told });
                }
            }
            Ask::Given(events, position) => {
                let follower = process - RELAYS;
                self.note(|| format!("follower {follower} gives out {events:?}"));
                self.following[follower].give(&events, position, &self.table)?;
                let _dead = reply.send(Told::Done);
            }
            Ask::Lead => self.lead(process, reply),
            Ask::Wait(position) => {
                self.waiting.push((process, position, reply));
                self.agenda.after(POLL, Happening::Polls(process));
                if self.table.head() > position && self.chance.percent(90) {
                    self.wake(self.table.head());
                }
            }
            ask => self.post(process, ask, reply),
        }
        Ok(())
    }

    fn lead(&mut self, process: usize, reply: oneshot::Sender<Told>) {
        if self.leader.is_none() {
            self.note(|| format!("relay {process} leads"));
            self.leader = Some(process);
            let (told, at_once) = (Told::Done, Duration::from_millis(1));
            self.agenda.after(at_once, Happening::Answered { process, reply, told });
        } else {
            let (told, again) = (Told::Failed("not yet".to_owned()), Duration::from_secs(1));
            self.agenda.after(again, Happening::Answered { process, reply, told });
        }
    }

    pub(super) fn carry_out(&mut self, process: usize, ask: Ask) -> Result<Told, String> {
        let exists = self.server.exists;
        Ok(match ask {
            Ask::ReadAfter(position, limit) => Told::Events(self.table.read_after(position, limit)),
            Ask::HasOrErased(position, id) => Told::Known(self.table.has_or_erased(position, id)),
            Ask::LastPositionOlderThan(age) => {
                let before = self.agenda.now().checked_sub(age);
                Told::Position(self.table.last_position_recorded_before(before))
            }
            Ask::LastPositions(parts, up_to) => {
                Told::Positions(self.table.last_positions(&parts, up_to))
            }
            Ask::EnsureStream => {
                self.server.exists = true;
                Told::Done
            }
            Ask::Open if exists => {
                self.following[process - RELAYS].open();
                Told::Done
            }
            Ask::Open => Told::Failed("no stream".to_owned()),
            Ask::State | Ask::LastMessage | Ask::MessageAt(_) | Ask::LastPositionsInStream
                if !exists =>
            {
                Told::Failed("no stream".to_owned())
            }
            Ask::State => Told::State(self.server.state()),
            Ask::LastMessage => Told::Message(self.server.last_message()),
            Ask::MessageAt(sequence) => Told::Message(self.server.message(sequence)),
            Ask::LastPositionsInStream => Told::PositionsInStream(self.server.last_positions()),
            Ask::Publish(envelope) => self.publish(process, &envelope)?,
            Ask::Lead
            | Ask::Wait(_)
            | Ask::Pause(_)
            | Ask::Close
            | Ask::Listen
            | Ask::Interruption
            | Ask::Given(..) => Told::Done,
        })
    }
}
