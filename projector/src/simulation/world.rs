//! Everything there is in one run, and the order in which it happens.

mod troubles;
mod ways;

use std::time::Duration;

use domain::OwnerId;
use event_store::RecordedEvent;
use simulation::{Agenda, Chance, Trace};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::events::Mailbox;
use super::link::{Answer, Question};
use super::process::Process;
use super::rows::{Decision, Rows, Session};
use super::weather::Weather;

const OWNERS: usize = 12;

/// Who shows no sign of life for this long has lost its leases.
const HUNG_AFTER: Duration = Duration::from_secs(8);

/// How long everything may take to come right when nothing bad happens any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it is watched when it has come right.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// How often parked streams are tried again when nothing bad happens any more.
const TIDIES: Duration = Duration::from_secs(1);

/// One Postgres, one JetStream, a few projectors, and what may happen to them.
pub(super) struct World<'a> {
    chance: Chance,
    trace: &'a mut Trace,
    agenda: Agenda<Happening>,
    weather: Weather,
    rows: Rows,
    processes: Vec<Process>,
    /// What JetStream has for each of them.
    mailboxes: Vec<Mailbox>,
    owners: Vec<OwnerId>,
    batch: usize,
    to_come: u64,
    calm_since: Option<Duration>,
}

enum Happening {
    /// Events are appended, and something bad may happen.
    Append,
    /// What somebody asked for is done, unless it was lost; the answer comes after a while, or never.
    Arrives {
        process: usize,
        life: u64,
        question: Option<Question>,
        is_answered: bool,
    },
    /// Somebody does not wait any longer for what was asked.
    GivesUp {
        process: usize,
        life: u64,
        give_up: oneshot::Sender<()>,
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
    /// Messages come to a process from now on, unless JetStream does not answer.
    Opens {
        process: usize,
        life: u64,
        reply: Option<oneshot::Sender<()>>,
    },
    /// A message comes to a process over a consumer.
    Delivered {
        process: usize,
        consumer: u64,
        event: Box<RecordedEvent>,
    },
    /// A process has waited long enough for messages, if it waits for the same still.
    Silence {
        process: usize,
        wait: u64,
    },
    /// Parked streams that can go on are tried again.
    Tidies,
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
            mailboxes: (0..count).map(|_| Mailbox::default()).collect(),
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
            Happening::Arrives { process, life, question, is_answered } => {
                let answer = question.map(|question| question(&mut self.rows));
                let answer = answer.filter(|_| is_answered);
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
            Happening::GivesUp { process, life, give_up: sleeper }
            | Happening::Wakes { process, life, sleeper } => {
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
            Happening::Opens { process, life, reply } => {
                if self.processes[process].life == life {
                    if let Some(reply) = reply {
                        self.mailboxes[process].open();
                        let _dead = reply.send(());
                    }
                    self.go_on(process);
                }
            }
            Happening::Delivered { process, consumer, event } => {
                if self.mailboxes[process].deliver(consumer, *event) {
                    self.go_on(process);
                }
            }
            Happening::Silence { process, wait } => {
                let mailbox = &mut self.mailboxes[process];
                if mailbox.waits == wait && mailbox.answer(true) {
                    self.go_on(process);
                }
            }
            Happening::Tidies => {
                for stream in self.rows.streams_that_need_not_wait() {
                    self.rows.operate(stream, Decision::Retry);
                }
                self.agenda.after(TIDIES, Happening::Tidies);
            }
        }
    }

    fn append(&mut self) {
        for _ in 0..self.chance.between(1, 8) {
            let owner = *self.chance.pick(&self.owners);
            let (kind, stream) = *self.chance.pick(&[("run", 1), ("run", 2), ("plan", 3)]);
            let poison = self.weather.poison(&mut self.chance);
            let event = self.rows.append(owner, kind, stream, poison);
            self.deliver(&event);
        }
        self.to_come -= 1;
        if self.to_come == 0 {
            self.calm_since = Some(self.agenda.now());
            self.note(|| "nothing bad happens any more".to_owned());
            self.weather = Weather::default();
            if self.chance.percent(50) {
                self.rows.mend(0, 1);
            }
            self.agenda.after(TIDIES, Happening::Tidies);
            return;
        }
        self.something_bad();
        let next = Duration::from_millis(*self.chance.pick(&[1, 20, 150, 700, 2_000, 4_000]));
        self.agenda.after(next, Happening::Append);
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.agenda.now();
        let rows = &self.rows;
        self.trace.note(|| format!("{:>8} ms  {}  ({})", now.as_millis(), line(), rows.tell()));
    }
}
