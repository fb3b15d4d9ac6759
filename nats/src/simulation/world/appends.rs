//! Events come into the table, and relays hear of them.

use std::time::Duration;

use uuid::Uuid;

use super::super::link::Told;
use super::{Happening, World};
use crate::relay::Woken;

impl World<'_> {
    pub(super) fn append(&mut self) -> Result<(), String> {
        if self.to_come > 0 {
            for _ in 0..self.chance.between(1, 4) {
                let owner = *self.chance.pick(&self.owners);
                let id = Uuid::from_u128(self.chance.id());
                self.table.append(owner, id, self.agenda.now());
            }
            let head = self.table.head();
            self.note(|| format!("appended up to {head}"));
            if self.chance.percent(90) {
                self.wake(head);
            }
        }
        self.trouble()?;
        if self.to_come == 0 {
            // The last trouble may come when all is quiet, and nobody appends to show it.
            self.note(|| "nothing bad happens any more".to_owned());
            self.calm_since = Some(self.agenda.now());
        } else {
            self.to_come -= 1;
            let pause = *self.chance.pick(&[0, 1, 3, 20, 150, 400, 4_000]);
            self.agenda.after(Duration::from_millis(pause), Happening::Append);
        }
        Ok(())
    }

    /// Wakes who waits for what was appended.
    pub(super) fn wake(&mut self, head: i64) {
        for (relay, position, reply) in std::mem::take(&mut self.waiting) {
            if position < head {
                let (process, told) = (relay, Told::Woken(Woken::BySomebody));
                self.agenda.after(Duration::ZERO, Happening::Answered { process, reply, told });
            } else {
                self.waiting.push((relay, position, reply));
            }
        }
    }

    /// A relay that nobody has woken looks by itself, and asks whether it still leads.
    pub(super) fn polls(&mut self, relay: usize) -> Result<(), String> {
        let leads = self.leader == Some(relay);
        for (of, position, reply) in std::mem::take(&mut self.waiting) {
            if of != relay {
                self.waiting.push((of, position, reply));
                continue;
            }
            let told = if leads {
                Told::Woken(Woken::ByTime)
            } else {
                Told::Failed("another leads".to_owned())
            };
            let _dead = reply.send(told);
        }
        self.go_on(relay)
    }
}
