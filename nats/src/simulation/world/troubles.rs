//! What may happen to processes and to the stream.

use std::time::Duration;

use super::super::followers::Following;
use super::super::process::Process;
use super::{FOLLOWERS, Happening, RELAYS, World};

impl World<'_> {
    /// Something bad, perhaps.
    pub(super) fn trouble(&mut self) -> Result<(), String> {
        let process = self.chance.below(self.processes.len() as u64) as usize;
        if self.chance.percent(self.weather.kills) {
            self.note(|| format!("process {process} is killed and starts again"));
            self.kill(process)?;
        }
        if self.chance.percent(self.weather.suspensions) && !self.processes[process].suspended {
            self.note(|| format!("process {process} stops for a while"));
            self.processes[process].suspended = true;
            let pause = Duration::from_millis(*self.chance.pick(&[5, 50, 500, 5_000]));
            self.agenda.after(pause, Happening::Resume(process));
        }
        if self.chance.percent(self.weather.consumers_lost) {
            let follower = self.chance.below(FOLLOWERS as u64) as usize;
            self.note(|| format!("follower {follower} loses its consumer"));
            self.following[follower].close();
        }
        if self.chance.percent(self.weather.depositions) {
            let leader = self.leader.take();
            self.note(|| format!("relay {leader:?} does not lead any more"));
        }
        if self.chance.percent(self.weather.strangers) {
            self.note(|| "a stranger writes into the stream".to_owned());
            self.server.publish_foreign(self.agenda.now());
        }
        if self.chance.percent(self.weather.purges) {
            self.note(|| "the stream is purged".to_owned());
            self.server.purge();
            self.beheaded = true;
        }
        if self.chance.percent(self.weather.wipes) {
            self.note(|| "the server has lost its store".to_owned());
            self.server.wipe();
            self.tear_connections();
        }
        if self.chance.percent(self.weather.deletions) {
            self.note(|| "the stream is deleted".to_owned());
            self.server.wipe();
            self.following.iter_mut().for_each(Following::close);
        }
        if self.chance.percent(self.weather.power_cuts) {
            let count = self.chance.between(1, 5);
            self.note(|| format!("the stream loses its last {count} messages"));
            self.server.lose_last(count);
            self.tear_connections();
        }
        if self.chance.percent(self.weather.restarts) {
            self.note(|| "the server is started again".to_owned());
            self.server.restart();
            self.tear_connections();
        }
        if self.chance.percent(self.weather.erasures) {
            let owner = *self.chance.pick(&self.owners);
            if let Some(tombstone) = self.table.remove(owner) {
                self.note(|| format!("{owner} is erased before {tombstone}"));
                self.erasures.push((owner, tombstone));
            }
        }
        Ok(())
    }

    /// With a process of the server ends what was on its way to it.
    fn tear_connections(&mut self) {
        self.connections += 1;
        self.following.iter_mut().for_each(Following::close);
    }

    /// Kills a process and starts it anew, with nothing in memory.
    fn kill(&mut self, process: usize) -> Result<(), String> {
        let suspended = self.processes[process].suspended;
        if process < RELAYS {
            self.processes[process] = Process::relay(self.retention.unwrap_or(Duration::MAX));
            self.waiting.retain(|(of, ..)| *of != process);
            self.leader.take_if(|leader| *leader == process);
        } else {
            let following = &mut self.following[process - RELAYS];
            following.restart();
            self.processes[process] = Process::follower(following.given);
        }
        self.processes[process].suspended = suspended;
        self.go_on(process)
    }
}
