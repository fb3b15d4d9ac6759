use std::io;
use std::time::{Duration, Instant};

use simulation::{Agenda, Chance, Trace};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::checks;
use super::model::Model;
use super::process::Process;
use super::request::{End, Request};
use super::weather::{Fate, Weather};
use super::wire::{Ask, Call, Told};

const PROCESSES: usize = 2;
const OWNERS: usize = 3;
/// How many streams each owner has. Few, so that commands meet.
const STREAMS: usize = 3;
/// More happenings than any run has that comes to an end.
const ENDLESS: u32 = 20_000;

/// Two processes, one Postgres, and what may happen to them.
pub(super) struct World<'a> {
    chance: Chance,
    trace: &'a mut Trace,
    agenda: Agenda<Happening>,
    start: Instant,
    weather: Weather,
    /// Whether nothing bad happens any more.
    calm: bool,
    postgres: Model,
    /// Which life of Postgres this is; what it worked on in an earlier one is lost.
    epoch: u32,
    processes: Vec<Process>,
    owners: Vec<Uuid>,
    requests: Vec<Request>,
    to_come: u64,
}

enum Happening {
    /// A client wants something.
    Command,
    /// A client wants the same as before.
    Again(usize),
    /// Postgres carries out what it was asked, and answers unless its client has gone.
    Executes {
        epoch: u32,
        process: usize,
        ask: Ask,
        reply: Option<(Reply, Duration)>,
    },
    /// An answer, or an error, reaches a process.
    Answered {
        epoch: Option<u32>,
        process: usize,
        reply: Reply,
        told: sqlx::Result<Told>,
    },
    Resume(usize),
    Remove(Uuid),
}

type Reply = oneshot::Sender<sqlx::Result<Told>>;

impl<'a> World<'a> {
    pub(super) fn of(seed: u64, trace: &'a mut Trace) -> Self {
        let mut chance = Chance::of(seed);
        let start = Instant::now();
        let capacity = *chance.pick(&[2, 8, 64]);
        let patience = Duration::from_millis(*chance.pick(&[0, 300, 5_000]));
        Self {
            weather: Weather::of(&mut chance),
            calm: false,
            postgres: Model::default(),
            epoch: 0,
            processes: (0..PROCESSES).map(|_| Process::new(capacity, patience, start)).collect(),
            owners: (0..OWNERS).map(|_| Uuid::from_u128(chance.id())).collect(),
            requests: Vec::new(),
            to_come: chance.between(3, 30),
            chance,
            trace,
            agenda: Agenda::new(),
            start,
        }
    }

    /// Lets everything happen, until nothing is left to happen.
    pub(super) fn run(mut self) -> Result<(), String> {
        self.agenda.after(Duration::ZERO, Happening::Command);
        let mut happenings = 0;
        while let Some(happening) = self.agenda.next() {
            self.happen(happening)?;
            happenings += 1;
            if happenings > ENDLESS {
                return Err("it never comes to an end".to_owned());
            }
        }
        checks::check(&self.postgres, &self.requests)?;
        match self.processes.iter().position(|process| !process.is_idle()) {
            Some(number) => Err(format!("process {number} has something left to do, and does not")),
            None => Ok(()),
        }
    }

    fn happen(&mut self, happening: Happening) -> Result<(), String> {
        match happening {
            Happening::Command => self.command(),
            Happening::Again(number) => self.again(number),
            Happening::Executes { epoch, process, ask, reply } => {
                self.execute(epoch, process, ask, reply)
            }
            Happening::Answered { epoch, process, reply, told } => {
                let cut = epoch.is_some_and(|epoch| epoch != self.epoch);
                let told = if cut { Err(no_answer()) } else { told };
                let _dead = reply.send(told);
                self.go_on(process)
            }
            Happening::Resume(process) => {
                self.note(|| format!("process {process} goes on"));
                self.processes[process].suspended = false;
                self.go_on(process)
            }
            Happening::Remove(owner) => {
                self.note(|| format!("what {owner} has left is removed"));
                self.postgres.remove(owner);
                Ok(())
            }
        }
    }

    fn command(&mut self) -> Result<(), String> {
        self.to_come -= 1;
        if self.to_come == 0 {
            self.calm = true;
        } else {
            self.trouble()?;
            // Bursts, and time to settle in between.
            let pause = *self.chance.pick(&[0, 0, 0, 200, 1_000, 5_000, 50_000]);
            self.agenda.after(Duration::from_micros(pause), Happening::Command);
        }
        let process = self.chance.below(PROCESSES as u64) as usize;
        let owner = self.chance.below(OWNERS as u64) as usize;
        let key = self.chance.percent(40).then(|| Uuid::from_u128(self.chance.id()));
        let mut writes = Vec::new();
        let first = self.chance.below(STREAMS as u64) as usize;
        let streams = if key.is_some() { self.chance.below(3) } else { self.chance.between(1, 2) };
        for number in 0..streams as usize {
            let stream = owner * STREAMS + (first + number) % STREAMS;
            writes.push((stream, self.chance.between(1, 3) as usize));
        }
        let request = Request::new(
            self.requests.len(),
            process,
            self.owners[owner],
            key,
            writes,
            self.postgres.head,
            &mut self.chance,
        );
        if key.is_some() && self.chance.percent(20) {
            // An impatient client sends it twice.
            self.agenda.after(Duration::from_micros(300), Happening::Again(self.requests.len()));
        }
        self.submit(request)
    }

    fn again(&mut self, number: usize) -> Result<(), String> {
        let process = self.chance.below(PROCESSES as u64) as usize;
        let head = self.postgres.head;
        let request = self.requests[number].again(process, head, &mut self.chance);
        self.submit(request)
    }

    fn submit(&mut self, mut request: Request) -> Result<(), String> {
        let process = request.process;
        if self.chance.percent(30) {
            self.read(&request);
        }
        request.submit(&mut self.processes[process], &mut self.chance);
        let number = self.requests.len();
        self.trace.note(|| {
            let Request { owner, key, attempts, end, .. } = &request;
            let attempt = attempts.last();
            format!("request {number} at process {process}: {owner} {key:?} {attempt:?} {end:?}")
        });
        self.requests.push(request);
        self.go_on(process)
    }

    /// Brings what a process believes of a request's streams up to date.
    fn read(&mut self, request: &Request) {
        for stream in request.streams() {
            let present = self.postgres.sequence(stream);
            self.processes[request.process].cache.insert(stream, present);
        }
    }

    /// Something bad, perhaps.
    fn trouble(&mut self) -> Result<(), String> {
        let process = self.chance.below(PROCESSES as u64) as usize;
        if self.chance.percent(self.weather.kills) {
            self.note(|| format!("process {process} is killed and starts again"));
            for request in self.requests.iter_mut().filter(|request| request.process == process) {
                request.orphaned = true;
            }
            let suspended = self.processes[process].suspended;
            self.processes[process].restart();
            self.processes[process].suspended = suspended;
            self.listen(process);
        }
        if self.chance.percent(self.weather.suspensions) && !self.processes[process].suspended {
            self.note(|| format!("process {process} stops for a while"));
            self.processes[process].suspended = true;
            let pause = Duration::from_millis(*self.chance.pick(&[5, 50, 500, 7_000]));
            self.agenda.after(pause, Happening::Resume(process));
        }
        if self.chance.percent(self.weather.crashes_of_postgres) {
            self.note(|| "Postgres crashes and comes back".to_owned());
            self.epoch += 1;
        }
        if self.chance.percent(self.weather.erasures) {
            let number = self.chance.below(OWNERS as u64) as usize;
            let owner = self.owners[number];
            self.note(|| format!("{owner} is erased"));
            let id = Uuid::from_u128(self.chance.id());
            self.postgres.erase(owner, OWNERS * STREAMS + number, id);
            let pause = Duration::from_millis(*self.chance.pick(&[1, 5, 40, 1_000]));
            self.agenda.after(pause, Happening::Remove(owner));
        }
        Ok(())
    }

    /// Lets a process do what it can, sends what it asks for, and looks who was answered.
    fn go_on(&mut self, process: usize) -> Result<(), String> {
        *self.processes[process].wire.clock.lock().unwrap() = self.start + self.agenda.now();
        let calls = self.processes[process].go_on(&mut self.chance)?;
        for call in calls {
            self.send(process, call);
        }
        if self.processes[process].appended > self.postgres.head {
            return Err(format!("process {process} tells of a position that is not there yet"));
        }
        if self.listen(process) { self.go_on(process) } else { Ok(()) }
    }

    fn send(&mut self, process: usize, Call { ask, reply }: Call) {
        if let Ask::Pause(time) = ask {
            let told = Ok(Told::TimeHasPassed);
            self.agenda.after(time, Happening::Answered { epoch: None, process, reply, told });
            return;
        }
        let epoch = self.epoch;
        let fails =
            |reply, error| Happening::Answered { epoch: None, process, reply, told: Err(error) };
        let fate = if self.calm {
            let (after, answered_after) = (Duration::from_millis(1), Duration::from_millis(1));
            Fate::Arrives { after, answered_after }
        } else {
            self.weather.fate(&mut self.chance)
        };
        match fate {
            Fate::Arrives { after, answered_after } => {
                let reply = Some((reply, answered_after));
                self.agenda.after(after, Happening::Executes { epoch, process, ask, reply });
            }
            Fate::Lost { noticed_after } => {
                self.note(|| format!("a request of process {process} is lost"));
                self.agenda.after(noticed_after, fails(reply, no_answer()));
            }
            Fate::AnswerLost { after, noticed_after } => {
                self.note(|| format!("an answer to process {process} is lost"));
                self.agenda.after(after, Happening::Executes { epoch, process, ask, reply: None });
                self.agenda.after(after + noticed_after, fails(reply, no_answer()));
            }
            Fate::Late { noticed_after, after } => {
                self.note(|| format!("a request of process {process} comes {after:?} late"));
                self.agenda.after(after, Happening::Executes { epoch, process, ask, reply: None });
                self.agenda.after(noticed_after, fails(reply, no_answer()));
            }
            Fate::RefusedForGood => {
                self.note(|| format!("a request of process {process} is refused"));
                self.agenda.after(Duration::from_millis(1), fails(reply, sqlx::Error::RowNotFound));
            }
        }
    }

    fn execute(
        &mut self,
        epoch: u32,
        process: usize,
        ask: Ask,
        reply: Option<(Reply, Duration)>,
    ) -> Result<(), String> {
        let told = if epoch != self.epoch {
            Err(no_answer())
        } else {
            Ok(match ask {
                Ask::Append(sheet) => {
                    let rows = self.postgres.append(&sheet)?;
                    let head = self.postgres.head;
                    self.note(|| {
                        let first = &rows[0];
                        let (outcome, of) = (&first.outcome, rows.len());
                        format!("batch of process {process}: {outcome} ({of}), head {head}")
                    });
                    Told::Rows(rows)
                }
                Ask::Find(sought) => Told::Found(self.postgres.head_before(&sought)),
                Ask::StoredAnswer(key) => Told::Stored(self.postgres.stored_answer(key)),
                Ask::Pause(_) => Told::TimeHasPassed,
            })
        };
        if let Some((reply, after)) = reply {
            let epoch = Some(self.epoch);
            self.agenda.after(after, Happening::Answered { epoch, process, reply, told });
        }
        Ok(())
    }

    /// Looks which requests at a process were answered; whether any of them tries again.
    fn listen(&mut self, process: usize) -> bool {
        let mut goes_on = false;
        for number in 0..self.requests.len() {
            let request = &mut self.requests[number];
            if request.process != process || request.answer.is_none() {
                continue;
            }
            let again = request.listen(&mut self.processes[process]);
            let request = &self.requests[number];
            if again {
                // Decided again on what is there now.
                for stream in request.streams() {
                    let present = self.postgres.sequence(stream);
                    self.processes[process].cache.insert(stream, present);
                }
                let request = &mut self.requests[number];
                request.submit(&mut self.processes[process], &mut self.chance);
                self.trace.note(|| {
                    format!(
                        "request {number} is decided again: {:?}",
                        self.requests[number].attempts.last()
                    )
                });
                goes_on = true;
                continue;
            }
            if request.end == End::Waiting {
                continue;
            }
            self.trace.note(|| format!("request {number} is told {:?}", request.end));
            let unknown = request.end == End::Unknown;
            if unknown && request.key.is_some() && self.chance.percent(70) {
                let pause = Duration::from_millis(*self.chance.pick(&[1, 20, 400]));
                self.agenda.after(pause, Happening::Again(number));
            }
        }
        goes_on
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.agenda.now();
        self.trace.note(|| format!("{now:>12.3?}  {}", line()));
    }
}

fn no_answer() -> sqlx::Error {
    io::Error::from(io::ErrorKind::ConnectionReset).into()
}
