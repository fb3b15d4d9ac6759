//! Everything there is in one run, and the order in which it happens.

mod appends;
mod asks;
mod stream;
mod troubles;
mod ways;

use std::time::Duration;

use domain::OwnerId;
use event_store::RecordedEvent;
use simulation::{Agenda, Chance, Trace};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::followers::Following;
use super::link::{Ask, Call, Told};
use super::process::Process;
use super::server::Server;
use super::table::Table;
use super::weather::Weather;

const RELAYS: usize = 2;
const FOLLOWERS: usize = 2;
const OWNERS: usize = 4;
const POLL: Duration = Duration::from_millis(500);
const ACK_TIMEOUT: Duration = Duration::from_secs(3);
/// How long everything may take to come right when nothing bad happens any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it is watched when it has come right: what was late may still come.
const AFTERWARDS: Duration = Duration::from_secs(4);

/// One Postgres, one JetStream, two relays, two followers, and what may happen to them.
pub(super) struct World<'a> {
    chance: Chance,
    trace: &'a mut Trace,
    agenda: Agenda<Happening>,
    weather: Weather,
    retention: Option<Duration>,
    table: Table,
    server: Server,
    /// The relays, then the followers.
    processes: Vec<Process>,
    following: [Following; FOLLOWERS],
    /// Who holds the lock of the one relay that leads.
    leader: Option<usize>,
    /// Who wants to be woken, and behind which position.
    waiting: Vec<(usize, i64, oneshot::Sender<Told>)>,
    owners: Vec<OwnerId>,
    /// Owners whose messages are to go when the stream has come to their tombstone.
    erasures: Vec<(OwnerId, i64)>,
    /// Whether what the stream began with may be missing: somebody took it away.
    beheaded: bool,
    /// How often all connections to JetStream have ended.
    connections: u64,
    to_come: u64,
    calm_since: Option<Duration>,
}

enum Happening {
    /// Events are appended, and something bad may happen.
    Append,
    /// What a process asked for arrives where it is to be done; its answer takes this long, or is lost.
    Arrives {
        process: usize,
        ask: Ask,
        reply: Option<(oneshot::Sender<Told>, Duration)>,
        /// Over which connections to JetStream, when it goes there.
        connections: u64,
    },
    Answered {
        process: usize,
        reply: oneshot::Sender<Told>,
        told: Told,
    },
    /// A message comes to a follower over a consumer.
    Delivered {
        follower: usize,
        consumer: u64,
        event: Box<RecordedEvent>,
    },
    /// A follower has waited long enough, if it waits for the same still.
    Silence {
        follower: usize,
        wait: u64,
    },
    /// A relay has waited long enough for being woken.
    Polls(usize),
    Resume(usize),
}

impl<'a> World<'a> {
    pub(super) fn of(seed: u64, trace: &'a mut Trace) -> Self {
        let mut chance = Chance::of(seed);
        let retention = match chance.below(3) {
            0 => Some(Duration::from_millis(chance.between(300, 3_000))),
            _long => None,
        };
        let kept_for = retention.unwrap_or(Duration::MAX);
        Self {
            weather: Weather::of(&mut chance),
            retention,
            table: Table::default(),
            server: Server::new(retention),
            processes: (0..RELAYS)
                .map(|_| Process::relay(kept_for))
                .chain((0..FOLLOWERS).map(|_| Process::follower(0)))
                .collect(),
            following: Default::default(),
            leader: None,
            waiting: Vec::new(),
            owners: (0..OWNERS).map(|_| OwnerId(Uuid::from_u128(chance.id()))).collect(),
            erasures: Vec::new(),
            beheaded: false,
            connections: 0,
            to_come: chance.between(2, 18),
            calm_since: None,
            chance,
            trace,
            agenda: Agenda::new(),
        }
    }

    /// Lets everything happen, until all is as it should be and stays so.
    pub(super) fn run(mut self) -> Result<(), String> {
        for process in 0..self.processes.len() {
            self.go_on(process)?;
        }
        self.agenda.after(Duration::ZERO, Happening::Append);
        let mut right_since = None;
        while let Some(happening) = self.agenda.next() {
            self.happen(happening)?;
            let Some(calm_since) = self.calm_since else { continue };
            let now = self.agenda.now();
            if !self.is_right() {
                right_since = None;
            } else if now > *right_since.get_or_insert(now) + AFTERWARDS {
                return Ok(());
            }
            if now > calm_since + PATIENCE {
                break;
            }
        }
        let (stream, table) = (self.server.last_position(), self.table.last_position());
        let given: Vec<i64> = self.following.iter().map(|following| following.given).collect();
        Err(format!(
            "the stream stays at {stream:?}, followers at {given:?}, the table is at {table}"
        ))
    }

    /// Whether the stream and the followers have come to the end of the table.
    fn is_right(&self) -> bool {
        let end = self.table.last_position();
        if self.following.iter().any(|following| following.given < end) {
            return false;
        }
        match self.server.last_position() {
            Some(position) => position == end,
            // Nothing that its retention covers may be missing.
            None => self.server.exists && self.covered_from().is_none(),
        }
    }

    /// The first event that is not older than the retention.
    fn covered_from(&self) -> Option<i64> {
        let before = self.retention.and_then(|retention| self.agenda.now().checked_sub(retention));
        let old = self.table.last_position_recorded_before(before);
        (self.table.last_position() > old).then_some(old + 1)
    }

    fn happen(&mut self, happening: Happening) -> Result<(), String> {
        self.server.expire(self.agenda.now());
        match happening {
            Happening::Append => self.append(),
            Happening::Arrives { process, ask, reply, connections } => {
                let told = if ask.is_for_postgres() || connections == self.connections {
                    self.carry_out(process, ask)?
                } else {
                    Told::Failed("the connection has ended".to_owned())
                };
                if let Some((reply, after)) = reply {
                    self.agenda.after(after, Happening::Answered { process, reply, told });
                }
                Ok(())
            }
            Happening::Answered { process, reply, told } => {
                let _dead = reply.send(told);
                self.go_on(process)
            }
            Happening::Delivered { follower, consumer, event } => {
                self.following[follower].deliver(consumer, *event);
                self.go_on(RELAYS + follower)
            }
            Happening::Silence { follower, wait } => {
                if self.following[follower].waits == wait {
                    self.following[follower].answer(true);
                }
                self.go_on(RELAYS + follower)
            }
            Happening::Polls(relay) => self.polls(relay),
            Happening::Resume(process) => {
                self.note(|| format!("process {process} goes on"));
                self.processes[process].suspended = false;
                self.go_on(process)
            }
        }
    }

    /// Lets a process do what it can, and sends what it asks for.
    fn go_on(&mut self, process: usize) -> Result<(), String> {
        loop {
            self.processes[process].go_on()?;
            let calls = std::mem::take(&mut *self.processes[process].link.calls.lock().unwrap());
            if calls.is_empty() {
                return Ok(());
            }
            for Call { ask, reply } in calls {
                self.send(process, ask, reply)?;
            }
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.agenda.now();
        self.trace.note(|| format!("{now:>12.3?}  {}", line()));
    }
}
