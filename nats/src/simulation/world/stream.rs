//! The stream, and what must hold of each message that it takes.

use domain::Part;

use super::super::link::Told;
use super::super::server::{Envelope, Refusal};
use super::World;
use crate::relay::Word;

impl World<'_> {
    pub(super) fn publish(&mut self, relay: usize, envelope: &Envelope) -> Result<Told, String> {
        let before = self.server.last_position();
        let taken = self.server.publish(envelope, self.agenda.now());
        let position = envelope.event.position;
        self.note(|| {
            let Envelope { behind_sequence, .. } = envelope;
            format!("relay {relay} publishes {position} behind {behind_sequence}: {taken:?}")
        });
        Ok(match taken {
            Err(Refusal::LastMessage(known)) => Told::BehindAnother(known),
            Err(why) => Told::Failed(format!("{why:?}")),
            Ok(word @ Word { duplicate: true, .. }) => Told::Word(word),
            Ok(word) => {
                self.check(envelope, before)?;
                self.erase_from_stream(position);
                self.deliver(&envelope.event);
                Told::Word(word)
            }
        })
    }

    /// What must hold of each message that the stream takes.
    fn check(&mut self, envelope: &Envelope, before: Option<i64>) -> Result<(), String> {
        let (position, part) = (envelope.event.position, envelope.event.part);
        match before {
            Some(before) if position <= before => {
                return Err(format!("event {position} comes behind {before} in the stream"));
            }
            Some(before) => {
                if let Some(missing) = self.table.first_there(before + 1, position) {
                    return Err(format!("event {missing} misses between {before} and {position}"));
                }
            }
            None => {
                let covered = self.covered_from().unwrap_or(position);
                if !self.beheaded && self.table.first_there(covered, position).is_some() {
                    return Err(format!("the stream begins with {position}, not with {covered}"));
                }
            }
        }
        self.beheaded = false;
        self.check_previous(envelope.previous, part, position)
    }

    /// What was erased may be named as the one before, or not.
    fn check_previous(&self, previous: i64, part: Part, position: i64) -> Result<(), String> {
        let latest = self.table.last_ever_before(part, position).unwrap_or(0);
        let earliest = self.table.last_before(part, position).unwrap_or(0);
        if (earliest..=latest).contains(&previous) {
            Ok(())
        } else {
            Err(format!("event {position} names {previous} as the one before, not {latest}"))
        }
    }

    /// Removes the messages of erased owners whose tombstones are published.
    fn erase_from_stream(&mut self, published: i64) {
        let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.erasures)
            .into_iter()
            .partition(|(_, tombstone)| *tombstone <= published);
        for (owner, tombstone) in due {
            self.server.erase(owner, tombstone);
        }
        self.erasures = rest;
    }
}
