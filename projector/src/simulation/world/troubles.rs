//! What may go wrong, besides what is lost on the way.

use std::time::Duration;

use super::super::rows::Decision;
use super::{HUNG_AFTER, Happening, World};

impl World<'_> {
    pub(super) fn something_bad(&mut self) {
        let process = self.chance.below(self.processes.len() as u64) as usize;
        if self.processes[process].dead {
            return;
        }
        self.trouble_a_process(process);
        if self.chance.percent(self.weather.ended_sessions) {
            self.note(|| format!("the sessions of {process} are ended"));
            self.rows.end_all(|session| session.process == process);
        }
        if self.chance.percent(self.weather.consumers_lost) {
            self.note(|| format!("the consumer of {process} is lost"));
            self.mailboxes[process].lose();
            self.go_on(process);
        }
        if self.chance.percent(self.weather.exchanges) {
            let ahead = self.chance.between(0, 6) as i64;
            self.note(|| "generations change places".to_owned());
            self.rows.change_places(ahead);
        }
        if self.chance.percent(self.weather.pauses) {
            self.note(|| "an operator pauses it".to_owned());
            self.rows.set_paused(true);
            let paused = Duration::from_millis(self.chance.between(10, 4_000));
            self.agenda.after(paused, Happening::PauseEnds);
        }
        if self.chance.percent(self.weather.mends) {
            self.note(|| "a newer program can apply more".to_owned());
            let (first, step) = (self.chance.below(2) as usize, self.chance.between(1, 3) as usize);
            self.rows.mend(first, step);
        }
        if self.chance.percent(self.weather.decisions) {
            self.decide();
        }
    }

    fn trouble_a_process(&mut self, process: usize) {
        let life = self.processes[process].life;
        if self.chance.percent(self.weather.kills) {
            self.note(|| format!("{process} is killed"));
            // What it has asked for may still be done; nobody hears the answers.
            self.processes[process].life += 1;
            self.processes[process].dead = true;
            self.mailboxes[process].lose();
            self.rows.hung.remove(&process);
            self.rows.end_all(|session| session.process == process);
            let away = Duration::from_millis(self.chance.between(10, 8_000));
            self.agenda.after(away, Happening::Starts(process));
        } else if self.chance.percent(self.weather.suspensions)
            && !self.processes[process].suspended
        {
            self.note(|| format!("{process} is stopped"));
            self.processes[process].suspended = true;
            self.agenda.after(HUNG_AFTER, Happening::Hangs { process, life });
            let stopped = Duration::from_millis(self.chance.between(10, 15_000));
            self.agenda.after(stopped, Happening::Resumes { process, life });
        }
    }

    /// An operator decides about a parked stream, if there is one.
    fn decide(&mut self) {
        let parked = self.rows.parked_streams();
        if parked.is_empty() {
            return;
        }
        let stream = *self.chance.pick(&parked);
        let decision = *self.chance.pick(&[Decision::Retry, Decision::Retry, Decision::Drop]);
        self.note(|| format!("an operator decides about {stream}: {decision:?}"));
        self.rows.operate(stream, decision);
    }
}
