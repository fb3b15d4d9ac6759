use std::time::Duration;

use domain::OwnerId;
use simulation::{Agenda, Chance, Trace};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::link::{Answer, Call, Question};
use super::process::Process;
use super::rows::{Rows, Session};
use super::weather::Weather;

const OWNERS: usize = 12;

/// Who shows no sign of life for this long has lost its leases.
const HUNG_AFTER: Duration = Duration::from_secs(8);

/// How long everything may take to come right when nothing bad happens any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it is watched when it has come right.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// One Postgres, a few projectors, and what may happen to them.
pub(super) struct World<'a> {
    chance: Chance,
    trace: &'a mut Trace,
    agenda: Agenda<Happening>,
    weather: Weather,
    rows: Rows,
    processes: Vec<Process>,
    owners: Vec<OwnerId>,
    batch: usize,
    to_come: u64,
    calm_since: Option<Duration>,
}

enum Happening {
    /// Events are appended, and something bad may happen.
    Append,
    /// What somebody asked for is done; the answer comes after a while, or never.
    Arrives {
        process: usize,
        life: u64,
        question: Question,
        fate: Fate,
    },
    Answered {
        process: usize,
        life: u64,
        answer: Option<Answer>,
    },
    Wakes {
        process: usize,
        life: u64,
        sleeper: oneshot::Sender<()>,
    },
    /// A stopped process has shown no sign of life for too long.
    Hangs {
        process: usize,
        life: u64,
    },
    Resumes {
        process: usize,
        life: u64,
    },
    Starts(usize),
    Ends(Session),
    PauseEnds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Lost,
    AnswerLost,
}

impl<'a> World<'a> {
    pub(super) fn of(seed: u64, trace: &'a mut Trace) -> Self {
        let mut chance = Chance::of(seed);
        let batch = chance.between(2, 6) as usize;
        let count = chance.between(1, 4) as usize;
        Self {
            weather: Weather::of(&mut chance),
            rows: Rows::new(),
            processes: (0..count).map(|number| Process::start(number, 0, batch)).collect(),
            owners: (0..OWNERS).map(|_| OwnerId(Uuid::from_u128(chance.id()))).collect(),
            batch,
            to_come: chance.between(3, 16),
            calm_since: None,
            chance,
            trace,
            agenda: Agenda::new(),
        }
    }

    /// Lets everything happen, until all is as it should be and stays so.
    pub(super) fn run(mut self) -> Result<(), String> {
        for process in 0..self.processes.len() {
            self.go_on(process);
        }
        self.agenda.after(Duration::ZERO, Happening::Append);
        let mut right_since = None;
        while let Some(happening) = self.agenda.next() {
            self.happen(happening);
            self.rows.check()?;
            let Some(calm_since) = self.calm_since else { continue };
            let now = self.agenda.now();
            if !self.rows.is_right(self.processes.len()) {
                right_since = None;
            } else if now > *right_since.get_or_insert(now) + AFTERWARDS {
                return Ok(());
            }
            if now > calm_since + PATIENCE {
                break;
            }
        }
        Err(format!("it does not come right: {}", self.rows.tell()))
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Append => self.append(),
            Happening::Arrives { process, life, question, fate } => {
                let answer = (fate != Fate::Lost).then(|| question(&mut self.rows));
                let answer = answer.filter(|_| fate == Fate::Done);
                if self.processes[process].life != life {
                    // It has died meanwhile, and its connections have ended.
                    let dead =
                        |session: &Session| (session.process, session.life) == (process, life);
                    self.rows.end_all(dead);
                }
                let back = self.way();
                self.agenda.after(back, Happening::Answered { process, life, answer });
            }
            Happening::Answered { process, life, answer } => {
                // An answer that is dropped is one that does not come.
                if let Some(answer) = answer {
                    answer();
                }
                self.go_on_in(process, life);
            }
            Happening::Wakes { process, life, sleeper } => {
                let _dead = sleeper.send(());
                self.go_on_in(process, life);
            }
            Happening::Hangs { process, life } => {
                if self.processes[process].life == life && self.processes[process].suspended {
                    self.rows.hung.insert(process);
                }
            }
            Happening::Resumes { process, life } => {
                if self.processes[process].life == life {
                    self.note(|| format!("{process} goes on"));
                    self.processes[process].suspended = false;
                    self.rows.hung.remove(&process);
                    self.go_on(process);
                }
            }
            Happening::Starts(process) => {
                let life = self.processes[process].life;
                self.processes[process] = Process::start(process, life, self.batch);
                self.note(|| format!("{process} starts again"));
                self.go_on(process);
            }
            Happening::Ends(session) => self.rows.end(session),
            Happening::PauseEnds => {
                self.note(|| "an operator resumes it".to_owned());
                self.rows.set_paused(false);
            }
        }
    }

    fn append(&mut self) {
        for _ in 0..self.chance.between(1, 8) {
            let owner = *self.chance.pick(&self.owners);
            self.rows.append(owner, self.chance.percent(70));
        }
        self.to_come -= 1;
        if self.to_come == 0 {
            self.calm_since = Some(self.agenda.now());
            self.note(|| "nothing bad happens any more".to_owned());
            self.weather = Weather {
                lost: 0,
                late: 0,
                kills: 0,
                suspensions: 0,
                ended_sessions: 0,
                exchanges: 0,
                pauses: 0,
            };
            return;
        }
        self.something_bad();
        let next = Duration::from_millis(*self.chance.pick(&[1, 20, 150, 700, 2_000, 4_000]));
        self.agenda.after(next, Happening::Append);
    }

    fn something_bad(&mut self) {
        let process = self.chance.below(self.processes.len() as u64) as usize;
        let life = self.processes[process].life;
        if self.processes[process].dead {
            return;
        }
        if self.chance.percent(self.weather.kills) {
            self.note(|| format!("{process} is killed"));
            // What it has asked for may still be done; nobody hears the answers.
            self.processes[process].life += 1;
            self.processes[process].dead = true;
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
        if self.chance.percent(self.weather.ended_sessions) {
            self.note(|| format!("the sessions of {process} are ended"));
            self.rows.end_all(|session| session.process == process);
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
    }

    fn go_on_in(&mut self, process: usize, life: u64) {
        if self.processes[process].life == life {
            self.go_on(process);
        }
    }

    /// Lets a process do what it can, and sends what it asks for on its way.
    fn go_on(&mut self, process: usize) {
        let now = self.agenda.now();
        self.processes[process].go_on(now);
        let life = self.processes[process].life;
        for call in self.processes[process].link.take(now) {
            match call {
                Call::Ask(question) => {
                    let fate = match self.chance.below(100) {
                        drawn if drawn < self.weather.lost / 2 => Fate::Lost,
                        drawn if drawn < self.weather.lost => Fate::AnswerLost,
                        _ => Fate::Done,
                    };
                    let there = self.way();
                    let arrives = Happening::Arrives { process, life, question, fate };
                    self.agenda.after(there, arrives);
                }
                Call::End(session) => {
                    let noticed = self.way();
                    self.agenda.after(noticed, Happening::Ends(session));
                }
                Call::Pause(how_long, sleeper) => {
                    self.agenda.after(how_long, Happening::Wakes { process, life, sleeper });
                }
            }
        }
    }

    fn way(&mut self) -> Duration {
        let late = self.chance.percent(self.weather.late);
        let ms =
            if late { *self.chance.pick(&[100, 900, 5_000]) } else { self.chance.between(1, 5) };
        Duration::from_millis(ms)
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.agenda.now();
        let rows = &self.rows;
        self.trace.note(|| format!("{:>8} ms  {}  ({})", now.as_millis(), line(), rows.tell()));
    }
}
